// Tells the page the browser's time zone by a cookie. The first time, what was told in another zone is loaded anew, once.
(function () {
  "use strict";
  var zone = Intl.DateTimeFormat().resolvedOptions().timeZone, told = document.documentElement.dataset.zone;
  function isKept() { return document.cookie.split("; ").indexOf("watcher_zone=" + zone) !== -1; }
  if (!zone || isKept()) { return; }
  var secure = window.location.protocol === "https:" ? "; secure" : "";
  document.cookie = "watcher_zone=" + zone + "; path=/; max-age=31536000; samesite=lax" + secure;
  if (told && told !== zone && isKept()) { window.location.reload(); }
}());
