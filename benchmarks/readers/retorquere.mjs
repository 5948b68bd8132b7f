// A file by @retorquere/bibtex-parser, which reads BibTeX for Better BibTeX in Zotero: one JSON object a line.
import { readFileSync } from 'node:fs'
import { parse } from '@retorquere/bibtex-parser'

const { entries, errors } = parse(readFileSync(process.argv[2], 'utf8'))
for (const { error } of errors) console.error(String(error).split('\n')[0])
for (const { key, fields } of entries) {
  const authors = (fields.author ?? []).map(one =>
    one.name ? { literal: one.name } : { family: [one.prefix, one.lastName].filter(Boolean).join(' '), given: one.firstName, suffix: one.suffix }
  )
  console.log(JSON.stringify({
    key, authors, title: fields.title, container: fields.journal ?? fields.booktitle, year: fields.year, volume: fields.volume,
    pages: fields.pages, doi: fields.doi, abstract: fields.abstract, pmid: fields.pmid,
  }))
}
