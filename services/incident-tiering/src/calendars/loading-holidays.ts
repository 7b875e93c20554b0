import { Line, LocalDate, Paragraph } from '@erp-steward/contracts/values'
import { operation } from '@erp-steward/service-kit/measured-interest'
import { defineProposal } from '@erp-steward/service-kit/proposal'
import { Type } from 'typebox'
import { loadHolidayYear, lockedYearVersion } from './holiday-year.ts'

const Days = (description: string) =>
  Type.Record(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }), Line(40), {
    maxProperties: 366,
    description,
  })

/** The days of a year as a paper of the State Council sets them. */
export const HolidayDaysOfYear = {
  holidays: Days('Days off by local date, weekend days inside a holiday too, with their names.'),
  makeUpDays: Days('Saturdays and Sundays that are worked, with the holiday they make up for.'),
}

/** What names the paper. */
export const PaperOfYear = {
  paper: Type.Unsafe<string>({ ...Line(60), description: 'Number of the State Council paper.' }),
  paperDate: Type.Unsafe<string>({ ...LocalDate, description: 'Local date of the paper.' }),
}

/**
 * Public holidays move every deadline by which people are measured, so two load them, as two set working time. Source:
 *
 */
export const loadingHolidays = defineProposal({
  kind: 'holiday-year.load',
  title: { 'zh-CN': '载入年度节假日安排', en: 'Loading of the public holidays of a year' },
  body: Type.Object({
    year: Type.Integer(),
    ...PaperOfYear,
    ...HolidayDaysOfYear,
    reason: Paragraph(500),
  }),
  decide: 'calendar.change',
  measures: () => operation,
  measuredMayAgree: true,
  subject: ({ year }) => String(year),
  concerns: () => Promise.resolve({ personIds: [], unitIds: [] }),
  version: (tx, { year }) => lockedYearVersion(tx, year),
  apply: async (tx, body, act, { proposedBy }) => {
    await loadHolidayYear(tx, { ...body, author: proposedBy }, act)
  },
})
