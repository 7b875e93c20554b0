import { textOf, type Company } from './company.ts'
import type { Answer } from './play.ts'

const SYSTEM = 'EBS-PROD'
const AGENT = 'backup-agent-01'
/** Digests of bytes that nobody has: what matters is that those of both sites agree. */
const STORED = '1'.repeat(64)
const MANIFEST = '2'.repeat(64)

/** What is backed up where, that it is, and that it can be had back. */
export async function backup(company: Company): Promise<void> {
  await places(company)
  await targets(company)
  await runs(company)
  await restore(company)
}

export async function places(company: Company): Promise<void> {
  const { play } = company
  const as = 'SYSADM'
  const site = (code: string, isOffsite: boolean) => ({
    code,
    name: isOffsite ? '异地灾备机房' : '总部机房',
    location: isOffsite ? '苏州' : '上海',
    building: isOffsite ? '灾备楼' : '主楼',
    medium: 'disk',
    isOffsite,
    isEncrypted: true,
    custodianPersonId: null,
  })
  await play.show('registerBackupSite', 'A store beside the system', {
    as,
    body: site('PRIMARY', false),
  })
  await play.call('registerBackupSite', { as, body: site('OFFSITE', true) })
  const path = { code: 'OFFSITE' }
  await play.show('changeBackupSite', 'Somebody keeps it', {
    as,
    path,
    body: { custodianPersonId: company.member('H10012').id },
  })
  await play.show('confirmBackupSite', 'Another person has seen where it stands', {
    as: company.who('H10011'),
    path,
  })
  await play.call('confirmBackupSite', {
    as: company.who('H10011'),
    path: { code: 'PRIMARY' },
  })
  await play.show('readBackupSite', 'One store', { as, path })
  await play.show('listBackupSites', 'Every store', { as, query: { limit: 10 } })
  await play.show('presentBackupAgent', 'The agent of a host says what it can', {
    as: AGENT,
    body: {
      hostName: 'ebs-apps-01',
      version: '0.1.0',
      sites: ['PRIMARY', 'OFFSITE'],
      executors: [{ executor: 'filesystem', tool: 'tar 1.35', isAvailable: true, reason: null }],
    },
  })
  await play.show('listBackupAgents', 'Agents, and when they were last heard', {
    as,
    query: { limit: 10 },
  })
}

/** The one target of the story. */
let targetId = ''

export async function targets(company: Company): Promise<void> {
  const { play } = company
  const as = 'SYSADM'
  const authority = company.who('H10011')
  const registration = await play.show('registerBackupTarget', 'What is to be backed up', {
    as,
    body: {
      code: 'PROD-APPS',
      name: 'PROD 应用层',
      systemCode: SYSTEM,
      unitId: company.unit('HD-SZ'),
      agentId: company.client(AGENT),
      objectKind: 'apps',
      source: { executor: 'filesystem', path: '/u01/oracle/PROD', exclude: ['*.log'] },
      keyId: 'K2026',
      requiredBeforeChange: true,
    },
  })
  await company.approved('BackupOrchestration', registration, authority)
  targetId = textOf(registration.body.body as Answer['body'], 'targetId')
  const path = { id: targetId }
  const policy = await play.show('setBackupPolicy', 'When, how often, and for how long', {
    as,
    path,
    ifMatch: '"0"',
    body: {
      schedule: '0 1 * * SUN',
      rpo: 'P8D',
      startWithin: 'PT1H',
      keepDays: 35,
      primarySite: 'PRIMARY',
      offsiteSite: 'OFFSITE',
    },
  })
  await company.approved('BackupOrchestration', policy, authority)
  await play.show('readBackupPolicy', 'The policy in force', { as, path })
  await play.show('changeBackupTarget', 'A better name', {
    as,
    path,
    body: { name: 'PROD 应用层（含定制）' },
  })
  await play.show('readBackupTarget', 'One target', { as, path })
  await play.show('listBackupTargets', 'What belongs to a system', {
    as,
    query: { systemCode: SYSTEM, limit: 10 },
  })
  await play.show('listBackupSystems', 'Every system', { as, query: { limit: 10 } })
  const system = { code: SYSTEM }
  await play.show('readBackupSystem', 'One system', { as, path: system })
  const serves = await play.show('changeBackupSystem', 'It serves the whole company', {
    as,
    path: system,
    body: { serves: 'company' },
  })
  await company.approved('BackupOrchestration', serves, authority)
  const exception = await play.show('askBackupException', 'Less than is asked, for some weeks', {
    as,
    body: {
      targetId,
      floors: ['offsite'],
      reason: '灾备机房搬迁。',
      validUntil: '2026-04-01T00:00:00.000Z',
    },
  })
  await company.approved('BackupOrchestration', exception, authority)
  await play.show('listBackupExceptions', 'What was granted, and until when', {
    as,
    query: { targetId, limit: 10 },
  })
}

/** Leases what is to be done next. */
async function leased(company: Company, summary?: string): Promise<{ id: string; token: number }> {
  const ask = { as: AGENT, body: { waitSeconds: 0 } }
  const { body } =
    summary === undefined
      ? await company.play.call('leaseBackupWork', ask)
      : await company.play.show('leaseBackupWork', summary, ask)
  return { id: textOf(body, 'assignmentId'), token: Number(body.fencingToken) }
}

/** A backup and its copy at the other site, as the agent does them. */
async function backUp(company: Company): Promise<void> {
  const { play } = company
  const backup = await leased(company)
  await play.call('reportBackupWork', {
    as: AGENT,
    path: { id: backup.id },
    body: backedUp(company, backup.token),
  })
  await copyOver(company)
}

async function copyOver(company: Company): Promise<void> {
  const copy = await leased(company)
  await company.play.call('reportBackupWork', {
    as: AGENT,
    path: { id: copy.id },
    body: { outcome: 'copied', ...readBack(copy.token), writtenDigest: STORED },
  })
}

const backedUp = ({ play }: Company, fencingToken: number) => ({
  outcome: 'backed-up',
  fencingToken,
  storedBytes: 18_874_368,
  writtenDigest: STORED,
  readDigest: STORED,
  finding: null,
  tool: 'tar 1.35',
  dataAt: play.stage.now().toISOString(),
  manifestDigest: MANIFEST,
  items: 4_711,
  sourceBytes: 52_428_800,
})

const readBack = (fencingToken: number) => ({
  fencingToken,
  storedBytes: 18_874_368,
  writtenDigest: null,
  readDigest: STORED,
  finding: null,
})

export async function runs(company: Company): Promise<void> {
  const { play } = company
  const as = company.who('H90001')
  const spare = await play.call('requestBackupRun', {
    as,
    body: { targetId, reason: '误操作。' },
  })
  await play.show('cancelBackupRun', 'Asked for by mistake', {
    as,
    path: { id: textOf(spare.body, 'id') },
  })
  const asked = await play.show('requestBackupRun', 'Before an upgrade', {
    as,
    body: { targetId, reason: '升级前备份。' },
  })
  const backup = await leased(company, 'What is to be done next?')
  await play.show('sendBackupHeartbeat', 'Still at work', {
    as: AGENT,
    path: { id: backup.id },
    body: { fencingToken: backup.token, phase: 'reading', bytesDone: 9_437_184 },
  })
  await play.show('reportBackupWork', 'Done, and read back', {
    as: AGENT,
    path: { id: backup.id },
    body: backedUp(company, backup.token),
  })
  await copyOver(company)
  const path = { id: textOf(asked.body, 'id') }
  const { body: run } = await play.show('readBackupRun', 'The run and its copies', { as, path })
  await play.show('listBackupRuns', 'Runs that succeeded', {
    as,
    query: { targetId, state: 'succeeded', limit: 10 },
  })
  await play.show('listBackupCopies', 'Copies that are proven good', {
    as,
    query: { targetId, state: 'good', limit: 10 },
  })
  const [copy] = run.copies as readonly Answer['body'][]
  const copyPath = { id: textOf(copy ?? {}, 'id') }
  await play.show('readBackupCopy', 'One copy', { as, path: copyPath })
  await play.show('verifyBackupCopy', 'Is it still what was written?', { as, path: copyPath })
  const check = await leased(company)
  await play.call('reportBackupWork', {
    as: AGENT,
    path: { id: check.id },
    body: { outcome: 'verified', ...readBack(check.token) },
  })
  await play.show('readBackupProtection', 'Is the target protected now?', {
    as,
    path: { id: targetId },
  })
  await play.show('readBackupGate', 'May a change of the system start?', {
    as,
    path: { systemCode: SYSTEM },
  })
}

export async function restore(company: Company): Promise<void> {
  const { play } = company
  const planner = company.who('H10011')
  const owner = company.who('H20001')
  const provider = company.who('H90001')
  const copies = await play.call('listBackupCopies', {
    as: planner,
    query: { targetId, state: 'good', limit: 1 },
  })
  const [copy] = copies.body.items as readonly Answer['body'][]
  const plan = () => ({
    copyId: textOf(copy ?? {}, 'id'),
    purpose: '季度恢复演练。',
    kind: 'drill',
    incidentNumber: null,
    steps: ['恢复到演练目录。', '逐个文件比对。', '删除演练目录。'],
    checkPoints: ['文件清单一致。'],
    fallback: '不替换任何文件：删除演练目录即可。',
    peopleInvolved: ['何军'],
    plannedFor: play.stage.now().toISOString(),
  })
  const spare = await play.call('drawUpRestorePlan', { as: planner, body: plan() })
  await play.show('refuseRestorePlan', 'The owner of the business does not agree', {
    as: owner,
    path: { id: textOf(spare.body, 'id') },
    body: { reason: '月结期间不做演练。' },
  })
  const drawn = await play.show('drawUpRestorePlan', 'A drill, step by step', {
    as: planner,
    body: plan(),
  })
  const path = { id: textOf(drawn.body, 'id') }
  const rewritten = await play.show('rewriteRestorePlan', 'One more thing to look at', {
    as: planner,
    path,
    body: { checkPoints: ['文件清单一致。', '上下文文件可解析。'] },
  })
  await play.show('approveRestorePlan', 'Another person agrees to exactly this plan', {
    as: owner,
    path,
    body: { planDigest: rewritten.body.planDigest, comment: '同意。' },
  })
  await play.show('executeRestorePlan', 'A third has it done', { as: provider, path })
  const work = await leased(company)
  await play.call('reportBackupWork', {
    as: AGENT,
    path: { id: work.id },
    body: {
      outcome: 'restored',
      fencingToken: work.token,
      compared: 4_711,
      differences: [],
      manifestDigest: MANIFEST,
      scratch: '/u02/scratch/drill-2026q1',
    },
  })
  await play.show('readRestorePlan', 'What came of it', { as: provider, path })
  await play.show('listRestorePlans', 'Plans that are finished', {
    as: provider,
    query: { targetId, state: 'finished', limit: 10 },
  })
  await play.show('readRestoreReceipt', 'The receipt, for the file', { as: provider, path })
}

/** A fresh backup, so that a change may start. */
export async function freshBackup(company: Company): Promise<void> {
  await company.play.call('requestBackupRun', {
    as: company.who('H90001'),
    body: { targetId, reason: '变更前备份。' },
  })
  await backUp(company)
}
