// Writes src/data/china-holidays.json; what the data is and who owns it: ../data-origin.md.
// Run it after raising the version of chinese-days: node packages/work-calendar/scripts/write-china-holidays.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const firstYear = 2007
const lastYear = 2026

// Confirmed in published copies of the notices; `paper` is null where the number could not be confirmed.
const notices: Record<number, { paper: string | null; amendments?: string[] }> = {
  2007: { paper: '国办发明电〔2006〕49号' },
  2008: { paper: null },
  2009: { paper: '国办发明电〔2008〕42号' },
  2010: { paper: '国办发明电〔2009〕27号' },
  2011: { paper: '国办发明电〔2010〕40号' },
  2012: { paper: '国办发明电〔2011〕45号' },
  2013: { paper: '国办发明电〔2012〕33号' },
  2014: { paper: '国办发明电〔2013〕28号' },
  2015: { paper: '国办发明电〔2014〕28号', amendments: ['国发明电〔2015〕1号'] },
  2016: { paper: '国办发明电〔2015〕18号' },
  2017: { paper: '国办发明电〔2016〕17号' },
  2018: { paper: '国办发明电〔2017〕12号' },
  2019: { paper: '国办发明电〔2018〕15号', amendments: ['国办发明电〔2019〕3号'] },
  2020: { paper: '国办发明电〔2019〕16号', amendments: ['国办发明电〔2020〕1号'] },
  2021: { paper: '国办发明电〔2020〕27号' },
  2022: { paper: '国办发明电〔2021〕11号' },
  2023: { paper: '国办发明电〔2022〕16号' },
  2024: { paper: '国办发明电〔2023〕7号' },
  2025: { paper: '国办发明电〔2024〕12号' },
  2026: { paper: '国办发明电〔2025〕7号' },
}

interface Source {
  /** Date to "English name,Chinese name,number of statutory days". */
  holidays: Record<string, string>
  workdays: Record<string, string>
}

const require = createRequire(import.meta.url)
const source = JSON.parse(
  readFileSync(require.resolve('chinese-days/dist/chinese-days.json'), 'utf8'),
) as Source

function namesIn(year: number, days: Record<string, string>): Record<string, string> {
  const inYear = Object.entries(days).filter(([date]) => date.startsWith(`${year}-`))
  return Object.fromEntries(
    inYear.sort().map(([date, text]) => {
      const name = text.split(',')[1]
      if (!name) throw new Error(`chinese-days gives no Chinese name for ${date}: ${text}`)
      return [date, name]
    }),
  )
}

const years: Record<string, unknown> = {}
for (let year = firstYear; year <= lastYear; year += 1) {
  const notice = notices[year]
  if (!notice) throw new Error(`Name the State Council's notice for ${year} in this script.`)
  years[year] = {
    paper: notice.paper,
    amendments: notice.amendments ?? [],
    holidays: namesIn(year, source.holidays),
    makeUpDays: namesIn(year, source.workdays),
  }
}
writeFileSync(
  new URL('../src/data/china-holidays.json', import.meta.url),
  `${JSON.stringify(years, null, 2)}\n`,
)
