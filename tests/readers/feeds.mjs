// Prints what an npm package makes of a feed, as JSON: node feeds.mjs PACKAGE FORM ADDRESS. It runs in a folder where the package is installed.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [, , name, form, address] = process.argv;
const require = createRequire(join(process.cwd(), "package.json"));

async function rssParser() {
  const Parser = require("rss-parser");
  const feed = await new Parser().parseURL(address);
  return feed.items.map((one) => ({
    id: one.id, title: one.title, url: one.link, at: one.isoDate, authors: one.author ?? "", content: one.content ?? "",
  }));
}

async function feedExtractor() {
  const { extract } = await import(pathToFileURL(require.resolve("@extractus/feed-extractor")).href);
  const authors = (one) => (form === "json" ? (one.authors?.[0]?.name ?? "") : (one.author?.name ?? ""));
  const content = (one) => (form === "json" ? (one.content_html ?? "") : (one.content?.["#text"] ?? one.content ?? ""));
  const feed = await extract(address, {
    descriptionMaxLen: 0,
    getExtraEntryFields: (one) => ({ authors: authors(one), content: content(one), whole: one.id }),
  });
  return feed.entries.map((one) => ({
    id: one.whole, title: one.title, url: one.link, at: one.published, authors: one.authors, content: one.content,
  }));
}

const read = name === "rss-parser" ? await rssParser() : await feedExtractor();
console.log(JSON.stringify(read));
