// Keys of the queue: j k next and back, r i l u as the buttons say, / the search.
(function () {
  "use strict";
  var queue = document.getElementById("queue");
  if (!queue) { return; }
  function papers() { return Array.prototype.slice.call(queue.querySelectorAll(".paper")); }
  function at() { return papers().indexOf(document.activeElement && document.activeElement.closest(".paper")); }
  function go(to) {
    var all = papers(), paper = all[Math.max(0, Math.min(to, all.length - 1))];
    if (paper) { paper.focus(); paper.scrollIntoView({ block: "nearest" }); }
  }
  function press(key) {
    var paper = papers()[at()], button = paper && paper.querySelector("button[data-key='" + key + "']");
    if (button) { button.click(); }
  }
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) { return; }
    var key = event.key;
    if (key === "j") { go(at() + 1); }
    else if (key === "k") { go(at() - 1); }
    else if (key === "/") { window.location.assign("/search"); }
    else if ("rilu".indexOf(key) !== -1 && key.length === 1) { press(key); }
    else { return; }
    event.preventDefault();
  });
  document.body.addEventListener("htmx:afterSwap", function (event) {
    var paper = event.detail.target.closest(".paper");
    if (!paper || !event.detail.target.classList.contains("paper")) { return; }
    var done = !!paper.querySelector("[data-key='u']");
    paper.classList.toggle("is-done", done);
    if (done) { var next = papers().indexOf(paper) + 1; if (next < papers().length) { go(next); } else { paper.focus(); } }
  });
  document.body.addEventListener("htmx:responseError", function (event) {
    var paper = event.detail.target.closest(".paper"), said = document.createElement("p");
    said.className = "told";
    said.setAttribute("role", "alert");
    said.textContent = "That was not kept. Load the page anew, and try again.";
    if (paper) { paper.appendChild(said); }
  });
}());
