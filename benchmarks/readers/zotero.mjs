// A file by Zotero's own translators, from a checkout named by ZOTERO: BibTeX, RIS or nbib, as its ending says; one JSON object a line.
// What they ask of Zotero is given here in the simplest form that reads the same: no dates, no attachments, no checks of fields.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import vm from 'node:vm'

const TRANSLATORS = { bib: 'BibTeX.js', ris: 'RIS.js', nbib: 'MEDLINEnbib.js' }
const source = readFileSync(join(process.env.ZOTERO, TRANSLATORS[process.argv[2].split('.').pop()]), 'utf8')
const text = readFileSync(process.argv[2], 'utf8')
let at = 0

function read (count) {
  if (at >= text.length) return false
  if (count) return text.slice(at, at += count)
  const end = text.indexOf('\n', at)
  const line = text.slice(at, end < 0 ? text.length : end)
  at += line.length + 1
  return line.replace(/\r$/, '')
}

function cleanAuthor (name, creatorType, useComma) {
  const parts = useComma ? name.split(/,\s*/) : [name]
  if (parts.length > 1) return { lastName: parts[0], firstName: parts.slice(1).join(', '), creatorType }
  const words = name.trim().split(/\s+/)
  return { lastName: words.pop(), firstName: words.join(' '), creatorType }
}

// In Zotero a parser of HTML: what looks like a tag is gone.
function unescapeHTML (value) {
  const names = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }
  return value.replace(/<\/?[A-Za-z][^>]*>/g, '').replace(/&(#?\w+);/g, (whole, name) => names[name] ?? whole)
}

const utilities = {
  cleanAuthor, unescapeHTML,
  trim: value => value.trim(), trimInternal: value => value.replace(/\s+/g, ' ').trim(),
  cleanDOI: value => (value.match(/10\.\d{4,}[^\s]*/) ?? [null])[0], cleanISSN: value => value, cleanISBN: value => value,
  fieldIsValidForType: () => true, itemTypeExists: () => true, getCreatorsForType: () => ['author', 'editor'],
  strToDate: value => ({ year: (String(value).match(/\d{4}/) ?? [])[0] }), strToISO: value => value, formatDate: date => date.year ?? '',
  deepCopy: value => structuredClone(value), removeDiacritics: value => value.normalize('NFD').replace(/\p{M}/gu, ''), text2html: value => value,
  getVersion: () => '7.0',
}

const items = []
class Item {
  constructor (type) {
    Object.assign(this, { itemType: type, creators: [], notes: [], attachments: [], tags: [], seeAlso: [] })
  }

  complete () { items.push(this) }
}
class Collection {
  complete () {}
}

const Zotero = {
  read, Item, Collection, Utilities: utilities, debug () {}, getHiddenPref () {}, getOption () {}, setProgress () {}, write () {}, parentTranslator: null,
}
const code = source.slice(source.indexOf('\n}\n') + 3)
const sandbox = vm.createContext({ Zotero, Z: Zotero, ZU: utilities, console, structuredClone })
vm.runInContext(`${code}\n;globalThis.run = doImport`, sandbox)
await sandbox.run()

for (const item of items) {
  const numbers = [item.extra ?? '', ...item.notes.map(one => one.note ?? one)].join('\n')
  const url = String(item.url ?? '').match(/(\d+)\/?$/)
  console.log(JSON.stringify({
    key: item.itemID ?? (numbers.match(/PMID: (\d+)/) ?? url ?? [])[1],
    authors: item.creators.filter(one => one.creatorType === 'author').map(one =>
      one.firstName ? { family: one.lastName, given: one.firstName } : { literal: one.lastName ?? one.name }
    ),
    title: item.title, container: item.publicationTitle ?? item.bookTitle, year: (String(item.date ?? '').match(/\d{4}/) ?? [])[0], volume: item.volume,
    pages: item.pages, doi: item.DOI, abstract: item.abstractNote, pmid: (numbers.match(/PMID: (\d+)/) ?? [])[1],
  }))
}
