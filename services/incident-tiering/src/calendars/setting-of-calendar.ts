import { nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import { operation } from '@erp-steward/service-kit/measured-interest'
import { defineProposal } from '@erp-steward/service-kit/proposal'
import { Type } from 'typebox'
import { lockedVersion, setCalendar } from './calendar.ts'

/**
 * Working time makes the deadlines by which people are measured, so two set it, and nobody of the unit whose clocks it
 * makes decides it. Source.
 */
export const settingOfCalendar = defineProposal({
  kind: 'calendar.set',
  problems: ['calendar-refused'],
  title: { 'zh-CN': '设定工作日历', en: 'Setting of a working calendar' },
  body: Type.Object({
    unitId: nullable(Uuid),
    definition: Type.Record(Type.String(), Type.Unknown()),
    reason: Paragraph(500),
  }),
  decide: 'calendar.change',
  measures: () => operation,
  measuredMayAgree: true,
  subject: ({ unitId }) => unitId ?? 'company',
  concerns: (_tx, { unitId }) =>
    Promise.resolve({ personIds: [], unitIds: unitId === null ? [] : [unitId] }),
  version: (tx, { unitId }) => lockedVersion(tx, unitId),
  apply: async (tx, body, act, { proposedBy }) => {
    await setCalendar(tx, { ...body, author: proposedBy }, act)
  },
})
