import { writeBody } from '../../services/monitoring-ingest/test/encode-write-request.ts'
import { firstOf, textOf, type Company } from './company.ts'
import type { Body } from './play.ts'

/** What is measured, what is too much, and who looks every morning. */
export async function monitoring(company: Company): Promise<void> {
  await measure(company)
  await inspect(company)
}

export async function measure(company: Company): Promise<void> {
  const { play } = company
  const as = 'SYSADM'
  const unitId = company.unit('HD-SZ')
  await play.stage.run('monitoring-ingest', 'keep-sample-partitions')
  const registered = await play.show('registerSource', 'The host that measures the database', {
    as,
    body: { name: 'prometheus-sz-01', unitId, moduleCode: 'GL', silentAfterSeconds: 180 },
  })
  const path = { id: textOf(registered.body, 'id') }
  const issued = await play.show('issueSourceToken', 'What it signs in with, shown once', {
    as,
    path,
  })
  play.admit('prometheus-sz-01', () => Promise.resolve(issued))
  const threshold = {
    name: '表空间 APPS_TS_TX_DATA 使用率',
    moduleCode: 'GL',
    category: 'DATABASE',
    metric: 'ebs_tablespace_used_percent',
    matchers: [{ label: 'tablespace', op: '=', value: 'APPS_TS_TX_DATA' }],
    comparison: 'above',
    transform: 'value',
    warning: 85,
    critical: 97,
    recoverLevel: 80,
    forSeconds: 60,
    reason: '运维制度 3.1.2。',
  }
  const created = await play.show('createThreshold', 'How full a tablespace may be', {
    as,
    body: { ...threshold, unitId },
  })
  const one = { id: textOf(created.body, 'id') }
  for (const value of [90, 91, 92]) {
    const samples = [[play.stage.now().getTime(), value] as const]
    const body = writeBody([
      {
        labels: {
          __name__: threshold.metric,
          job: 'ebs',
          tablespace: 'APPS_TS_TX_DATA',
        },
        samples,
      },
    ])
    const ask = {
      as: 'prometheus-sz-01',
      contentType: 'application/x-protobuf',
      headers: { 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' },
      body: new Uint8Array(body),
    }
    if (value === 90) await play.show('writeSamples', 'Prometheus sends what it has measured', ask)
    else await play.call('writeSamples', ask)
    await play.pass(1)
  }
  await play.show('readSource', 'One source, and when it was last heard', { as, path })
  await play.show('listSources', 'Who measures the factory', { as, query: { unitId, limit: 10 } })
  await play.show('readMetricRange', 'How full it was, minute by minute', {
    as,
    query: {
      metric: threshold.metric,
      from: minutesAgo(play.stage.now(), 10),
      to: play.stage.now().toISOString(),
      stepSeconds: 60,
      unitId,
    },
  })
  const alerts = await play.show('listAlerts', 'What is too much now', {
    as,
    query: { state: 'firing', limit: 10 },
  })
  await play.show('readAlert', 'One alert', { as, path: { id: textOf(firstOf(alerts), 'id') } })
  await play.show('changeThreshold', 'Sooner: that is for one', {
    as,
    path: one,
    body: { ...threshold, warning: 80, recoverLevel: 75, reason: '扩容周期变长。' },
  })
  await play.show('changeThreshold', 'Later: that takes another person', {
    as,
    path: one,
    body: { ...threshold, warning: 88, recoverLevel: 82, reason: '扩容完成。' },
  })
  const waiting = await play.call('listMonitoringIngestProposals', {
    as: company.who('H10011'),
    query: { state: 'pending', limit: 1 },
  })
  await play.call('rejectMonitoringIngestProposal', {
    as: company.who('H10011'),
    path: { id: textOf(firstOf(waiting), 'id') },
    body: { reason: '先观察一个月。' },
  })
  await play.show('readThreshold', 'One threshold', { as, path: one })
  await play.show('listThresholds', 'Every threshold of the factory', {
    as,
    query: { unitId, limit: 10 },
  })
  await play.show('listThresholdVersions', 'What it was before, and why', { as, path: one })
  await play.show('withdrawThreshold', 'Another one takes its place', {
    as,
    path: one,
    body: { reason: '改由存储平台监控。' },
  })
  const spare = await play.call('registerSource', {
    as,
    body: { name: 'prometheus-sz-02', unitId, moduleCode: null, silentAfterSeconds: 180 },
  })
  await play.show('disableSource', 'A host that is not needed any more', {
    as,
    path: { id: textOf(spare.body, 'id') },
  })
}

const minutesAgo = (now: Date, minutes: number) =>
  new Date(now.getTime() - minutes * 60_000).toISOString()

interface Item {
  readonly code: string
  readonly type: string
  readonly unit: string | null
  readonly verdict: string | null
  readonly options: readonly { readonly value: string; readonly level: string | null }[]
  readonly version: number
}

/** An item whose value is beyond its limit on this morning. */
const DOUBTED = 'db.tablespace'

const itemsIn = (round: Body) => round.items as readonly Item[]

export async function inspect(company: Company): Promise<void> {
  const { play } = company
  const authority = company.who('H10011')
  const inspector = company.who('H90001')
  const unitId = company.unit('HD-SZ')
  await play.show('setInspectionRoster', 'Who looks every morning, and who else', {
    as: authority,
    path: { unitId },
    ifMatch: '"0"',
    body: {
      inspectorPersonId: company.member('H90001').id,
      deputyPersonId: company.member('H10012').id,
    },
  })
  await play.show('readInspectionRoster', 'Who looks', { as: authority, path: { unitId } })
  const generated = await play.show('generateInspectionRound', 'The round of today', {
    as: authority,
    body: { date: play.stage.now().toISOString().slice(0, 10), unitId },
  })
  const path = { id: textOf(generated.body, 'id') }
  await play.show('listInspectionRounds', 'Rounds of the factory', {
    as: inspector,
    query: { unitId, limit: 1 },
  })
  await play.show('fillInspectionRound', 'What is measured need not be typed', {
    as: inspector,
    path,
  })
  const { body: round } = await play.show('readInspectionRound', 'The round, item by item', {
    as: inspector,
    path,
  })
  const open = itemsIn(round).filter(({ verdict }) => verdict === null)
  const doubtful = open.find(({ code }) => code === DOUBTED)
  for (const item of open) {
    const ask = {
      as: inspector,
      path: { ...path, code: item.code },
      ifMatch: `"${String(item.version)}"`,
      body: item === doubtful ? { value: '88', verdict: null, note: null } : answerTo(item),
    }
    if (item === doubtful)
      await play.show('recordInspectionItem', 'Something does not look right', ask)
    else await play.call('recordInspectionItem', ask)
  }
  if (doubtful === undefined) throw new Error(`the round has no item ${DOUBTED}`)
  const now = await play.call('readInspectionRound', { as: inspector, path })
  const item = itemsIn(now.body).find(({ code }) => code === doubtful.code)
  await play.show('overruleInspectionItem', 'Another person has looked: it is no finding', {
    as: company.who('H10012'),
    path: { ...path, code: doubtful.code },
    ifMatch: `"${String(item?.version)}"`,
    body: { reason: '计划内批处理所致，已与业务核对。' },
  })
  await play.show('signInspectionRound', 'The round is done', { as: inspector, path })
}

function answerTo({ type, unit, options }: Item): object {
  const value =
    type === 'choice'
      ? (options.find(({ level }) => level === null)?.value ?? '')
      : type === 'text'
        ? '无异常'
        : unit === 'up'
          ? '1'
          : '0.1'
  return { value, verdict: 'normal', note: null }
}
