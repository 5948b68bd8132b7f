#!/usr/bin/env bash
# @retorquere/bibtex-parser 9.0.29 and biblatex-csl-converter 3.6.0 (npm), read in their defaults. A whole title in double braces,
# `title = {{…}}`, is BibTeX's way to keep its capitals: plain.bst, citation-js and pandoc keep them.
#  1. @retorquere/bibtex-parser (Better BibTeX in Zotero) takes both pairs of braces off before it looks, and writes the title in sentence
#     case, "Torpedo rays of spain"; a third pair protects it. Of 250 PubMed titles in double braces, 66 lost capitals.
#  2. biblatex-csl-converter (Fidus Writer) protects what stands before the first command of the title, and writes what follows in lower case,
#     "torpedo marmorata", the argument of \textit too; with braces of its own for each run all is kept.
# A good engineer expects double braces to protect, whatever stands inside. Hence watcher/export/bibtex.py puts each run of text in braces
# of its own. Fails when the packages behave otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts @retorquere/bibtex-parser@9.0.29 biblatex-csl-converter@3.6.0 >/dev/null
cat > titles.mjs <<'JS'
import assert from 'node:assert'
import { parse } from '@retorquere/bibtex-parser'
import { BibLatexParser, CSLExporter } from 'biblatex-csl-converter'

const entry = title => `@article{k, title = {${title}}, journal = {J}, year = 2026}`
const bare = text => text.replace(/<[^>]+>/g, '')
const first = title => bare(parse(entry(title)).entries[0].fields.title)
const second = title => bare(Object.values(new CSLExporter(new BibLatexParser(entry(title)).parse().entries).parse())[0].title)

console.log(first('{Electric Organs: Torpedo Rays of Spain}'))
assert.equal(first('{Electric Organs: Torpedo Rays of Spain}'), 'Electric organs: Torpedo rays of spain')
assert.equal(first('{{Electric Organs: Torpedo Rays of Spain}}'), 'Electric Organs: Torpedo Rays of Spain')
console.log(second('{Organs of \\textit{Torpedo marmorata} in Spain}'))
assert.equal(second('{Organs of \\textit{Torpedo marmorata} in Spain}'), 'Organs of torpedo marmorata in spain')
assert.equal(second('{{Organs of }\\textit{{Torpedo marmorata}}{ in Spain}}'), 'Organs of Torpedo marmorata in Spain')
JS
node titles.mjs
