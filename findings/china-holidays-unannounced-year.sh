#!/usr/bin/env bash
# chinese-days 1.5.7, chinese-workday 1.16.1, lunar-javascript 1.7.7, tyme4ts 1.5.2, date-holidays 3.37.0 (seen 2026-11-30)
#
# The State Council announces days off and make-up working days of a year in the autumn before it. The four Chinese
# packages agree to the day on 2024 to 2026. For 2027, which none of them has, none says so: National Day, 1 October 2027, a
# Friday and a public holiday by law since 1949, is answered like any working day. A deadline that is counted with them over the
# new year is wrong without a sign. date-holidays answers from rules for every year, but knows no make-up day: in 2026 it
# misses 9 of 19 weekdays off and all 6 working weekend days, and takes Children's Day (2026-06-01), a day off for
# children, for everybody's.
#
# Seen: the four lines at the end of this file. Exit 1 if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --prefix "$work" chinese-days@1.5.7 chinese-workday@1.16.1 lunar-javascript@1.7.7 tyme4ts@1.5.2 date-holidays@3.37.0
cat > "$work/finding.mjs" <<'JS'
import chineseDays from 'chinese-days'
import { isWorkday } from 'chinese-workday'
import Holidays from 'date-holidays'
import lunar from 'lunar-javascript'
import { LegalHoliday } from 'tyme4ts'

const isWeekend = (day) => [0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay())
const byList = (day, entry) => (entry === null || entry === undefined ? !isWeekend(day) : entry.isWork())
const worksBy = {
  'chinese-days': (day) => chineseDays.isWorkday(day),
  'chinese-workday': (day) => isWorkday(day),
  'lunar-javascript': (day) => byList(day, lunar.HolidayUtil.getHoliday(day)),
  tyme4ts: (day) => byList(day, LegalHoliday.fromYmd(...day.split('-').map(Number))),
}
const china = new Holidays('CN')
const isPublic = (day) =>
  (china.isHoliday(new Date(`${day}T12:00:00+08:00`)) || []).some(({ type }) => type === 'public')

function daysOf(year) {
  const days = []
  for (let at = Date.UTC(year, 0, 1); new Date(at).getUTCFullYear() === year; at += 86_400_000) {
    days.push(new Date(at).toISOString().slice(0, 10))
  }
  return days
}
/** Weekdays off and weekend days at work, of those that a package names. */
const exceptions = (year, works) => ({
  off: daysOf(year).filter((day) => !isWeekend(day) && !works(day)),
  made: daysOf(year).filter((day) => isWeekend(day) && works(day)),
})

const names = Object.keys(worksBy)
const agree = [2024, 2025, 2026].every(
  (year) => new Set(names.map((name) => JSON.stringify(exceptions(year, worksBy[name])))).size === 1,
)
const { off, made } = exceptions(2026, worksBy['chinese-days'])
const ruled = daysOf(2026).filter((day) => !isWeekend(day) && isPublic(day))
const seen = [
  `2024 to 2026: ${names.length} packages ${agree ? 'agree' : 'differ'}`,
  `2026: ${off.length} weekdays off, ${made.length} weekend days at work`,
  `2027-10-01 is a working day for: ${names.filter((name) => worksBy[name]('2027-10-01')).join(', ')}`,
  `date-holidays, 2026: misses ${off.filter((day) => !ruled.includes(day)).length} weekdays off, adds ${ruled.filter((day) => !off.includes(day)).join(', ')}`,
].join('\n')
console.log(seen)
const expected = `2024 to 2026: 4 packages agree
2026: 19 weekdays off, 6 weekend days at work
2027-10-01 is a working day for: chinese-days, chinese-workday, lunar-javascript, tyme4ts
date-holidays, 2026: misses 9 weekdays off, adds 2026-06-01`
if (seen !== expected) {
  console.log('The behaviour has changed.')
  process.exitCode = 1
}
JS
node "$work/finding.mjs"
