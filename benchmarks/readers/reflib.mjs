// A file by @iebh/reflib, which the Systematic Review Accelerator reads with: RIS or nbib, as its ending says; one JSON object a line.
import reflib from '@iebh/reflib'
import { noted } from './csl.mjs'

function person (name) {
  const [family, given, ...suffix] = name.split(', ')
  return given ? { family, given, suffix: suffix.join(', ') } : { literal: name }
}

for (const ref of await reflib.readFile(process.argv[2])) {
  console.log(JSON.stringify({
    key: ref.accession ?? ref.medlinePMID, authors: (ref.medlineAuthorsFull ?? ref.authors ?? []).map(person), title: ref.title,
    container: ref.medlineJournalFull ?? ref.journal, year: ref.year, volume: ref.volume, pages: ref.pages, doi: ref.doi, abstract: ref.abstract,
    pmid: ref.medlinePMID ?? ref.accession ?? noted(ref.notes),
  }))
}
