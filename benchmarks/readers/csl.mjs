// CSL-JSON items as the benchmark compares them.
const particles = one => one['non-dropping-particle'] ?? one['dropping-particle']

export function told (item) {
  const authors = (item.author ?? []).map(one =>
    one.literal ? { literal: one.literal } : { family: [particles(one), one.family].filter(Boolean).join(' '), given: one.given, suffix: one.suffix }
  )
  return {
    key: item.id, authors, title: item.title, container: item['container-title'], year: item.issued?.['date-parts']?.[0]?.[0], volume: item.volume,
    pages: item.page, doi: item.DOI, abstract: item.abstract, pmid: item.PMID ?? noted(item.note),
  }
}

// The PMID that stands in notes.
export function noted (notes) {
  return (String(notes ?? '').match(/\bPMID: (\d+)/) ?? [])[1]
}
