import { itemsOf, type Company } from './company.ts'

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
  await play.show('listLedgerKeys', 'The keys that the ledger is signed with', { as })
  const anchors = await play.show('listAuditAnchors', 'What the ledger came to, day by day', {
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
  await play.show('readAttention', 'What wants a human, the worst first', {
    as: 'SYSADM',
    query: { kind: ['notification-undelivered'], limit: 3 },
  })
  await play.show('rotateSigningKey', 'Tokens are signed with a new key from now on', {
    as: 'SECADM',
    body: { reason: '年度轮换。' },
  })
}
