import { itemsOf, textOf, type Company } from './company.ts'

/** The ledger of everything that has happened, and who may trust it. */
export async function evidence(company: Company): Promise<void> {
  const { play } = company
  const as = 'AUDADM'
  await play.stage.run('identity', 'seal-ledger')
  await play.stage.run('identity', 'anchor-ledger')
  await play.show('listAuditRecords', 'What somebody has done', {
    as,
    query: { userName: 'SYSADM', limit: 2 },
  })
  await play.show('readChangesFeed', 'What has changed since, for a script that follows', {
    as: 'hr-sync',
    query: { after: 0, limit: 3 },
  })
  await play.show('streamEvents', 'The same as it happens, and on from where the line broke', {
    as: 'hr-sync',
    query: { type: ['identity.directory.unit-changed.v1'] },
    headers: { 'Last-Event-ID': '0' },
  })
  await play.show('listLedgerKeys', 'The keys that the ledger is signed with', { as })
  const anchors = await play.show('listAuditAnchors', 'What the ledger came to, day by day', {
    as,
    query: { limit: 10 },
  })
  await play.show('listLedgerArchives', 'What has left the ledger: nothing in its first 180 days', {
    as,
    query: { limit: 10 },
  })
  await play.show('compareAuditAnchors', 'Is it what was noted outside?', {
    as,
    body: { heads: itemsOf(anchors).map(({ seq, hash }) => ({ seq, hash })) },
  })
  await play.show('exportAuditLedger', 'A signed copy of what concerns a clause', {
    as,
    body: { format: 'ndjson', filter: { clause: 'A-2.1.4' } },
  })
  await play.show('verifyAuditLedger', 'Has anybody changed it?', { as })
  await receivers(company)
  await audit(company)
  await play.show('readAttention', 'What wants a human, the worst first', {
    as: 'SYSADM',
    query: { kind: ['notification-undelivered'], limit: 3 },
  })
  await play.show('rotateSigningKey', 'Tokens are signed with a new key from now on', {
    as: 'SECADM',
    body: { reason: '年度轮换。' },
  })
}

/** Another system is sent what is found of the ledger, after two people have agreed to it. */
async function receivers({ play }: Company): Promise<void> {
  const as = 'SYSADM'
  const asked = await play.show(
    'registerEventWebhook',
    'The data platform is to be told of verifications',
    {
      as,
      body: {
        url: 'https://hooks.example.test/events',
        types: ['audit.access.ledger-verified.v1'],
        unitId: null,
        reason: '接入集团数据平台。',
      },
    },
  )
  await play.call('approveIdentityProposal', {
    as: 'SECADM',
    path: { id: textOf(asked.body, 'id') },
    body: { reason: '同意。' },
  })
  const listed = await play.show('listEventWebhooks', 'Who is sent facts', {
    as,
    query: { limit: 10 },
  })
  const id = String(itemsOf(listed)[0]?.id)
  await play.show('makeEventWebhookSecret', 'The secret that signs, shown once', {
    as,
    path: { id },
    body: { overlapHours: 24 },
  })
  const from = play.stage.now().toISOString()
  await play.stage.run('identity', 'verify-ledger')
  await play.show('listEventDeliveries', 'What it was sent', {
    as,
    path: { id },
    query: { limit: 10 },
  })
  await play.show('replayEventWebhook', 'All of this day once more', {
    as,
    path: { id },
    body: { from, to: play.stage.now().toISOString(), onlyFailed: false, after: 0 },
  })
  await play.show('readEventWebhook', 'One receiver', { as, path: { id } })
  await play.show('endEventWebhook', 'It is sent nothing more', {
    as,
    path: { id },
    body: { reason: '地址变更。' },
  })
}

/** What an audit draws of the last hours is judged by two, and its report is signed. */
async function audit({ play }: Company): Promise<void> {
  const as = 'AUDADM'
  const to = play.stage.now()
  const from = new Date(to.getTime() - 4 * 3_600_000)
  const opened = await play.show('openAudit', 'An audit of the last four hours', {
    as,
    body: {
      from: from.toISOString(),
      to: to.toISOString(),
      reason: '接到匿名举报，提前抽查。',
    },
  })
  const id = textOf(opened.body, 'id')
  await play.show('listAuditTasks', 'Audits that are open', {
    as,
    query: { state: 'open', limit: 10 },
  })
  const judge = async (name: string, byAuditor: boolean, summary: string) => {
    const drawn = await play.show('listAuditItems', summary, {
      as: name,
      path: { id },
      query: { judged: false, limit: 200 },
    })
    const items = itemsOf(drawn)
      .filter((item) => item.byAuditor === byAuditor)
      .map(({ seq }) => ({ seq, judgement: 'in-order', note: '有审批记录可查。' }))
    if (items.length > 0)
      await play.show('judgeAuditItems', 'What is in order', {
        as: name,
        path: { id },
        body: { items },
      })
  }
  await judge(as, false, 'What was drawn')
  await judge('SECADM', true, 'What an audit administrator did is for another hand')
  await play.stage.run('identity', 'verify-ledger')
  await play.show('signAudit', 'What came out, signed with the key of the ledger', {
    as,
    path: { id },
    body: { conclusion: 'anomalies', summary: '抽查样本均有据可查；账本的库外见证尚未启用。' },
  })
  await play.show('readAuditTask', 'The report as it is signed', { as, path: { id } })
}
