import { firstOf, textOf, type Company } from './company.ts'

/** The month that is scored: the one before the story. */
const MONTH = '2026-02'
const IN_MONTH = '2026-02-12T02:00:00.000Z'

/** How well the rules are kept: by people, as scores, and by the house, as controls. */
export async function assessment(company: Company): Promise<void> {
  await timeNodes(company)
  await scores(company)
  await controls(company)
}

export async function timeNodes(company: Company): Promise<void> {
  const { play } = company
  const authority = company.who('H10011')
  const clerk = company.who('H20003')
  const node = (code: string, title: string) => ({
    code,
    title,
    unitId: company.unit('HD-SZ'),
    departmentId: null,
    personId: company.member('H20003').id,
    dueAt: '2026-03-31T09:00:00.000Z',
    isUrgent: false,
  })
  const planned = await play.show('planTimeNode', 'What must be done by when', {
    as: authority,
    body: node('AP-CLOSE', '应付模块月结'),
  })
  const path = { id: textOf(planned.body, 'id') }
  const done = { completedAt: play.stage.now().toISOString() }
  await play.show('completeTimeNode', 'Who has to do it says that it is done', {
    as: clerk,
    path,
    body: done,
  })
  await play.show('refuseTimeNodeClaim', 'It is not', { as: authority, path })
  await play.call('completeTimeNode', {
    as: 'ebs-middleware',
    path,
    body: { completedAt: play.stage.now().toISOString() },
  })
  await play.show('readTimeNode', 'One node', { as: clerk, path })
  await play.show('listTimeNodes', 'What the factory has to do this month', {
    as: authority,
    query: { unitId: company.unit('HD-SZ'), month: '2026-03', limit: 10 },
  })
}

export async function scores(company: Company): Promise<void> {
  const { play } = company
  const as = 'ebs-middleware'
  const authority = company.who('H10011')
  const deputy = company.who('H10012')
  const clerk = company.who('H20003')
  const personId = company.member('H20003').id
  const observation = (id: string, severity: string, reference: string) => ({
    id,
    kind: 'data-error',
    severity,
    personId,
    departmentId: null,
    moduleCode: 'AP',
    reference,
    description: '发票行分配到错误科目，已过账。',
    occurredAt: IN_MONTH,
    foundAt: play.stage.now().toISOString(),
  })
  const first = 'a2f1c3d4-0000-4000-8000-00000000000a'
  const second = 'a2f1c3d4-0000-4000-8000-00000000000b'
  await play.show('recordObservations', 'Errors that were found in posted documents', {
    as,
    body: {
      observations: [
        observation(first, 'heavy', 'INV-2026-0211'),
        observation(second, 'light', 'INV-2026-0214'),
      ],
    },
  })
  await play.show('listObservations', 'What was found about a person', {
    as: authority,
    query: { personId, month: MONTH, limit: 10 },
  })
  await play.show('readObservation', 'One of them', { as: authority, path: { id: first } })
  await play.show('correctDataError', 'The error is put right', {
    as,
    path: { id: second },
    body: { correctedAt: play.stage.now().toISOString() },
  })
  await play.show('countEntries', 'How much people entered, to measure errors by', {
    as,
    body: {
      batchId: 'a2f1c3d4-0000-4000-8000-00000000000c',
      month: MONTH,
      moduleCode: 'AP',
      counts: [{ personId, entries: 420 }],
    },
  })
  await play.show('listEntryCounts', 'What was counted', {
    as: authority,
    query: { month: MONTH, limit: 10 },
  })

  const computed = await play.show('computeScoreSheet', 'The scores of a month', {
    as: authority,
    body: { month: MONTH },
  })
  const path = { id: textOf(computed.body, 'id') }
  await play.show('checkScoreSheet', 'The same facts give the same scores', {
    as: authority,
    path,
  })
  await play.show('publishScoreSheet', 'Another person publishes them', { as: deputy, path })
  await play.show('readScoreSheet', 'One sheet', {
    as: authority,
    path,
    shownBy: ['unitId', 'key'],
  })
  await play.show('listScoreSheets', 'Sheets of a month, the newest first', {
    as: authority,
    query: { month: MONTH, limit: 10 },
  })
  await play.show('exportScoreSheet', 'The whole sheet, line by line', { as: authority, path })
  const own = await play.show('listScores', 'One’s own score', {
    as: clerk,
    query: { sheetId: path.id, subjectKind: 'person', limit: 10 },
  })
  const score = { id: textOf(firstOf(own), 'id') }
  await play.show('readScore', 'How it is made up', { as: clerk, path: score })
  await play.show('listDeductions', 'What was deducted, and for which fact', {
    as: clerk,
    path: score,
  })
  const filed = await play.show('fileAppeal', 'That was not my error', {
    as: clerk,
    body: { observationId: first, reason: '科目由模板带出，非本人选择。' },
  })
  const appeal = { id: textOf(filed.body, 'id') }
  await play.show('listAppeals', 'What is to be decided', {
    as: deputy,
    query: { state: 'filed', limit: 10 },
  })
  await play.show('decideAppeal', 'It was the template: the deduction is void', {
    as: deputy,
    path: appeal,
    body: { outcome: 'voided', reason: '核实为模板错误。' },
  })
  await play.show('readAppeal', 'What came of it', { as: clerk, path: appeal })
}

export async function controls(company: Company): Promise<void> {
  const { play } = company
  const as = 'AUDADM'
  await play.stage.run('assessment', 'publish-control-states')
  await play.show('summariseControls', 'How many clauses are kept', { as })
  await play.show('listControls', 'Clauses, two at a time', { as, query: { limit: 2 } })
  await play.show('readControl', 'Why a clause is in its state', {
    as,
    path: { clauseId: 'A-2.1.4' },
  })
  const path = { clauseId: 'A-4.4.1' }
  const recorded = await play.show('recordControl', 'What only a person can see', {
    as: company.who('H10011'),
    path,
    body: {
      observedAt: play.stage.now().toISOString(),
      statement: '应急预案 2026 版已由总经理签发，存档于运维中心。',
      reference: 'HD-EP-2026-01',
      validUntil: '2026-12-31T15:59:59.000Z',
    },
  })
  await play.show('confirmControlRecord', 'Another person has seen it, too', {
    as: 'SECADM',
    path: { ...path, recordId: textOf(recorded.body, 'id') },
  })
  await play.show('listControlRecords', 'What people have seen', { as, path })
}
