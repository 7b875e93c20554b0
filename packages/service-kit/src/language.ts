import type { FastifyRequest } from 'fastify'

export type Language = 'en' | 'zh-CN'

/** The language to answer in, from `Accept-Language`: Chinese if it ranks before English, else English. */
export function languageOf({ headers }: Pick<FastifyRequest, 'headers'>): Language {
  const ranked = (headers['accept-language'] ?? '')
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
