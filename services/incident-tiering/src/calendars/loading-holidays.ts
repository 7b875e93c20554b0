import { Paragraph } from '@erp-steward/contracts/values'
import { operation } from '@erp-steward/service-kit/measured-interest'
import { defineProposal } from '@erp-steward/service-kit/proposal'
import { Type } from 'typebox'
import {
  HolidayDaysOfYear,
  loadHolidayYear,
  lockedYearVersion,
  PaperOfYear,
} from './holiday-year.ts'

/**
 * Public holidays move every deadline by which people are measured, so two load them, as two set working time. Source:
 *
 */
export const loadingHolidays = defineProposal({
  kind: 'holiday-year.load',
  problems: ['calendar-refused'],
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
