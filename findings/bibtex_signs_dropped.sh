#!/usr/bin/env bash
# pandoc 3.9 (PyPI: pypandoc_binary 1.17) and biblatex-csl-converter 3.6.0 (npm), on BibTeX that LaTeX prints:
#  1. both leave `{\textbraceleft}` and `{\textbraceright}` out without a word: "{110} facets" becomes "110 facets";
#  2. biblatex-csl-converter leaves out `{\textless}` and `{\textasciicircum}` too: "p < 0.05" becomes "p  0.05", "x^2" "x2";
#  3. in CSL-JSON pandoc leaves `$<$` as TeX, "p $<$ 0.05", where its HTML and every other writer have "p < 0.05".
# A good engineer expects an unknown command to be kept or told. `$<$` is read by all, so it is what watcher/export/latex.py writes; a
# brace has no spelling that BibTeX counts right in every value, and stays `{\textbraceleft}`. Fails when the programs behave otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts biblatex-csl-converter@3.6.0 >/dev/null
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pypandoc_binary==1.17
cat > sample.bib <<'BIB'
@article{a, title = {{{\textbraceleft}110{\textbraceright} facets}}, journal = {J}, year = 2026}
@article{b, title = {{p {\textless} 0.05}}, journal = {J}, year = 2026}
@article{c, title = {{x{\textasciicircum}2}}, journal = {J}, year = 2026}
@article{d, title = {{p $<$ 0.05}}, journal = {J}, year = 2026}
BIB
venv/bin/python - <<'PYTHON'
import json

import pypandoc

titles = [one["title"] for one in json.loads(pypandoc.convert_file("sample.bib", "csljson", format="bibtex"))]
print("pandoc", titles)
assert titles == ["110 facets", "p < 0.05", "x^2", "p $<$ 0.05"], titles
PYTHON
cat > signs.mjs <<'JS'
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { BibLatexParser, CSLExporter } from 'biblatex-csl-converter'

const items = new CSLExporter(new BibLatexParser(readFileSync('sample.bib', 'utf8')).parse().entries).parse()
const titles = Object.values(items).map(one => one.title.replace(/<\/?span[^>]*>/g, ''))
console.log('biblatex-csl-converter', titles)
assert.deepEqual(titles, ['110 facets', 'p  0.05', 'x2', 'p < 0.05'])
JS
node signs.mjs
