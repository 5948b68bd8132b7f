// A file by biblatex-csl-converter, which Fidus Writer reads bibliographies with, as its ending says; one JSON object a line.
// BibTeX is shown as its CSL, with the case that titles have in one; RIS, nbib and CSL-JSON as the fields that it keeps.
import { readFileSync } from 'node:fs'
import { BibLatexParser, CSLExporter, CSLParser, NBIBParser, RISParser } from 'biblatex-csl-converter'
import { noted, told } from './csl.mjs'

const text = readFileSync(process.argv[2], 'utf8')
const ending = process.argv[2].split('.').pop()

const PARSERS = {
  bib: () => new BibLatexParser(text, { processUnexpected: true, processUnknown: true }),
  ris: () => new RISParser(text),
  nbib: () => new NBIBParser(text),
  json: () => new CSLParser(Object.fromEntries(JSON.parse(text).map(item => [item.id, item]))),
}

const plain = nodes => Array.isArray(nodes) ? nodes.map(plain).join('') : nodes?.text ?? (typeof nodes === 'string' ? nodes : '')
const pages = ranges => (ranges ?? []).map(range => range.map(plain).join('-')).join(', ')

function person (one) {
  if (one.literal) return { literal: plain(one.literal) }
  return { family: [plain(one.prefix), plain(one.family)].filter(Boolean).join(' '), given: plain(one.given), suffix: plain(one.suffix) }
}

function kept ({ entry_key: key, fields, unknown_fields: unknown }) {
  return {
    key, authors: (fields.author ?? []).map(person), title: plain(fields.title), container: plain(fields.journaltitle ?? fields.booktitle),
    year: String(fields.date ?? '').slice(0, 4), volume: plain(fields.volume), pages: pages(fields.pages), doi: fields.doi,
    abstract: plain(fields.abstract ?? unknown?.abstract), pmid: fields.eprint ?? noted(plain(fields.note)),
  }
}

const parsed = PARSERS[ending]().parse()
const entries = parsed.entries ?? parsed
for (const error of parsed.errors ?? []) console.error(JSON.stringify(error))
if (ending === 'bib') {
  const keys = Object.fromEntries(Object.entries(entries).map(([id, entry]) => [id, entry.entry_key]))
  for (const [id, item] of Object.entries(new CSLExporter(entries).parse())) {
    const unknown = entries[id].unknown_fields ?? {}
    console.log(JSON.stringify({ ...told(item), key: keys[id], abstract: item.abstract ?? unknown.abstract, pmid: plain(unknown.pmid) }))
  }
} else {
  for (const entry of Object.values(entries)) console.log(JSON.stringify(kept(entry)))
}
