// A file by @citation-js: BibTeX, RIS or CSL-JSON, as its ending says; one JSON object a line.
import { readFileSync } from 'node:fs'
import { plugins } from '@citation-js/core'
import '@citation-js/plugin-bibtex'
import '@citation-js/plugin-ris'
import { told } from './csl.mjs'

const TYPES = { bib: '@biblatex/text', ris: '@ris/file', json: '@else/json' }
const options = { generateGraph: false, forceType: TYPES[process.argv[2].split('.').pop()] }
for (const item of plugins.input.chain(readFileSync(process.argv[2], 'utf8'), options)) console.log(JSON.stringify(told(item)))
