import { freshBackup } from './backup.ts'
import { textOf, type Company } from './company.ts'

/** A Tuesday, 20:30 in China: half an hour before the window of minor changes, outside any freeze. */
const TUESDAY = new Date('2026-03-10T12:30:00.000Z')
const HOUR_MS = 3_600_000

/** Changes of the system: by three people, in their window, and not without a fresh backup. */
export async function changes(company: Company): Promise<void> {
  await patch(company)
  await others(company)
}

/** A small patch of the system, as its requester writes it down. */
function patchOf(company: Company) {
  const start = company.play.stage.now().getTime()
  return {
    kind: 'patch',
    class: 'minor',
    title: '应付模块补丁 31402879',
    description: '修复付款批“已选”状态无法释放的问题。',
    unitId: company.unit('HD-SZ'),
    moduleCode: 'GL',
    systemCode: 'EBS-PROD',
    plannedStart: new Date(start + HOUR_MS / 2).toISOString(),
    plannedEnd: new Date(start + 2 * HOUR_MS).toISOString(),
    implementationPlan: 'adop prepare、apply、finalize、cutover、cleanup。',
    rollbackPlan: 'cutover 前执行 adop abort；之后从备份恢复。',
    rollbackOwnerPersonId: company.member('H10011').id,
    testEvidence: '测试报告 TEST-2026-031，关键用户已签字。',
    riskAssessment: '切换时停机约二十分钟。',
    executorPersonId: company.member('H90001').id,
  }
}

export async function patch(company: Company): Promise<void> {
  const { play } = company
  await play.stage.passTo(TUESDAY)
  const [requester, owner, authority, provider] = ['H10012', 'H20001', 'H10011', 'H90001'].map(
    (number) => company.who(number),
  )
  if (!requester || !owner || !authority || !provider) return
  await freshBackup(company)
  const submitted = await play.show('submitChange', 'A patch, with its way back', {
    as: requester,
    body: patchOf(company),
  })
  const path = { id: textOf(submitted.body, 'id') }
  await play.show('amendChange', 'Before anybody agrees, it may be put better', {
    as: requester,
    path,
    body: { riskAssessment: '切换时停机约二十分钟，已通知财务部。' },
  })
  await play.show('approveChange', 'The unit agrees', {
    as: owner,
    path,
    body: { stage: 'unit', comment: '同意，避开付款日。' },
  })
  await play.show('approveChange', 'The company agrees', {
    as: authority,
    path,
    body: { stage: 'company', comment: '同意。' },
  })
  await play.show('listChanges', 'What may be carried out', {
    as: provider,
    query: { state: 'approved', limit: 10 },
  })
  await play.pass(35)
  await play.show('startChange', 'May it start? The gate of the backups is asked', {
    as: provider,
    path,
  })
  await play.show('readChange', 'It has started', { as: provider, path })
  await play.show('listGateAnswers', 'What the gate answered, and on what ground', {
    as: provider,
    query: { systemCode: 'EBS-PROD', limit: 10 },
  })
  await play.show('finishChange', 'It is in', {
    as: provider,
    path,
    body: { outcome: 'deployed', result: '各阶段完成，付款批可正常释放。' },
  })
  await play.show('reviewChange', 'Those who asked look at what came of it', {
    as: owner,
    path,
    body: { isSuccessful: true, findings: '一周内无用户投诉。' },
  })
  await play.show('readChangeTimeline', 'Who did what when', { as: authority, path })
}

export async function others(company: Company): Promise<void> {
  const { play } = company
  const requester = company.who('H10012')
  const spare = await play.call('submitChange', { as: requester, body: patchOf(company) })
  await play.show('withdrawChange', 'Not needed any more', {
    as: requester,
    path: { id: textOf(spare.body, 'id') },
    body: { reason: '厂商已合并到下一补丁。' },
  })
  const other = await play.call('submitChange', { as: requester, body: patchOf(company) })
  await play.show('rejectChange', 'The unit does not agree', {
    as: company.who('H20001'),
    path: { id: textOf(other.body, 'id') },
    body: { stage: 'unit', reason: '与月结冲突。' },
  })
  const now = play.stage.now().getTime()
  const keyUser = company.who('H20002')
  const emergency = await play.call('submitChange', {
    as: keyUser,
    body: {
      ...patchOf(company),
      kind: 'function',
      class: 'emergency',
      title: '锁定的付款批数据修复',
      testEvidence: null,
      plannedStart: new Date(now).toISOString(),
    },
  })
  const path = { id: textOf(emergency.body, 'id') }
  await play.call('approveChange', {
    as: company.who('H10013'),
    path,
    body: { stage: 'company', comment: '电话同意。' },
  })
  await play.call('startChange', { as: company.who('H90001'), path })
  await play.show('fileChangePapers', 'The papers of an emergency, afterwards', {
    as: keyUser,
    path,
    body: {
      confirmation: '业务负责人书面确认单 2026-017。',
      testEvidence: '修复后付款批状态核对记录。',
    },
  })
}
