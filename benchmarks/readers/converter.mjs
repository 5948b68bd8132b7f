// A file by biblatex-csl-converter, which Fidus Writer reads BibTeX with: one JSON object a line.
import { readFileSync } from 'node:fs'
import { BibLatexParser, CSLExporter } from 'biblatex-csl-converter'
import { told } from './csl.mjs'

const parsed = new BibLatexParser(readFileSync(process.argv[2], 'utf8'), { processUnexpected: true, processUnknown: true }).parse()
for (const error of parsed.errors) console.error(JSON.stringify(error))
const keys = Object.fromEntries(Object.entries(parsed.entries).map(([id, entry]) => [id, entry.entry_key]))
for (const [id, item] of Object.entries(new CSLExporter(parsed.entries).parse())) {
  const entry = parsed.entries[id]
  console.log(JSON.stringify({ ...told(item), key: keys[id], abstract: item.abstract ?? entry.unknown_fields?.abstract }))
}
