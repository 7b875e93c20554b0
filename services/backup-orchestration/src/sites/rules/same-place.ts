/**
 * Whether two buildings, as people write them, are one: spelling, case, width, spaces and punctuation do not make another
 * place. An unknown building is no other one. Source.
 */
export function isSameBuilding(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return true
  return plain(one) === plain(other)
}

function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{P}\p{Z}\p{S}]/gu, '')
}
