/** A text that people read, in both languages. What is the same in both, such as a code, is a value in each. */
export interface Bilingual {
  readonly en: string
  readonly 'zh-CN': string
}

/** Keeps the two side by side where a text is thrown or answered, so that neither is forgotten. */
export const said = (en: string, zh: string): Bilingual => ({ en, 'zh-CN': zh })

export function isBilingual(value: unknown): value is Bilingual {
  if (typeof value !== 'object' || value === null) return false
  const { en, 'zh-CN': zh } = value as { en?: unknown; 'zh-CN'?: unknown }
  return typeof en === 'string' && typeof zh === 'string'
}

/** Several sentences one after the other. */
export const together = (texts: readonly Bilingual[]): Bilingual =>
  said(texts.map(({ en }) => en).join(' '), texts.map((text) => text['zh-CN']).join(''))
