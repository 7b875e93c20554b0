export type Language = 'en' | 'zh-CN'

/**
 * The language to write in, from an `Accept-Language` header: Chinese if it ranks before English, else English.
 */
export function preferredLanguage(header: string | undefined): Language {
  const ranked = (header ?? '')
    .split(',')
    .map((entry) => {
      const [tag = '', ...parameters] = entry.trim().toLowerCase().split(';')
      const quality = parameters.find((parameter) => parameter.trim().startsWith('q='))
      return { tag, quality: quality === undefined ? 1 : Number(quality.split('=')[1]) }
    })
    .filter(({ tag, quality }) => quality > 0 && (tag.startsWith('zh') || tag.startsWith('en')))
    .sort((a, b) => b.quality - a.quality)
  return ranked[0]?.tag.startsWith('zh') === true ? 'zh-CN' : 'en'
}
