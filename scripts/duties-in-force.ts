import { dutiesInForce } from '@erp-steward/regulation/coverage'

const BEGIN = '<!-- duties: written by `npm run generate` from docs/regulation/in-force.json -->'
const END = '<!-- end of duties -->'

/**
 * A document with the number of duties in force between its two markers: the one claim that it makes of the regulations.
 *
 * @throws Error when the markers are not there
 */
export function withDutiesInForce(document: string, language: 'zh-CN' | 'en'): string {
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`The document lacks ${BEGIN} or ${END}`)
  const { inForce, partly, duties } = dutiesInForce()
  const text = {
    en: `${String(inForce)} of ${String(duties)} duties are in force, ${String(partly)} partly ([coverage](docs/regulation/coverage.md)).`,
    'zh-CN': `${String(duties)} 项义务中，${String(inForce)} 项生效，${String(partly)} 项部分生效（[覆盖情况]（docs/regulation/coverage.md））。`,
  }[language]
  return `${document.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${document.slice(end)}`
}
