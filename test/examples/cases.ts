import { textOf, type Company } from './company.ts'

/** An account that somebody else may use: reported, looked into, decided, and opened again. */
export async function cases(company: Company): Promise<void> {
  await theft(company)
  await networks(company)
  await absences(company)
}

async function theft(company: Company): Promise<void> {
  const { play } = company
  const as = 'SECADM'
  const { accountId, userName } = company.member('H20004')
  const receipt = await play.show('reportTheft', 'A colleague calls in what was stolen', {
    as: company.who('H20003'),
    body: { userName, reason: '本人电话告知：笔记本电脑在高铁上被盗。' },
  })
  const path = { id: textOf(receipt.body, 'caseId') }
  await play.show('listAccountCases', 'What waits for a decision', {
    as,
    query: { state: 'open', limit: 10 },
  })
  await play.show('readAccountCase', 'One of them, with its version', { as, path })
  await play.show('decideAccountCase', 'It was so; the old password is void', {
    as,
    path,
    body: {
      decision: 'confirmed',
      reason: '已回访本人并查看被盗之后的操作记录，无异常业务操作。',
      lastGoodAt: '2026-03-02T01:00:00Z',
    },
  })
  await play.call('unfreezeAccount', {
    as,
    path: { id: accountId },
    body: { reason: '事项已办结，将重新签发密码。' },
  })
}

/** What the signs of sharing are judged by: where the networks are. */
async function networks({ play }: Company): Promise<void> {
  const proposed = await play.show('proposeNetwork', 'The terminal server of the works', {
    as: 'SYSADM',
    body: {
      ...{ code: 'WUXI-TS', name: '无锡工厂终端服务器', cidr: '10.31.8.0/24', isShared: true },
      ...{ latitude: 31.57, longitude: 120.3, active: true },
      reason: '车间公用终端，多人共用地址。',
    },
  })
  await play.call('approveIdentityProposal', {
    as: 'SECADM',
    path: { id: textOf(proposed.body, 'id') },
    body: { reason: '同意。' },
  })
  await play.show('listNetworks', 'What is listed by now', { as: 'SECADM', query: { limit: 10 } })
  await play.show('readNetwork', 'One of them', { as: 'SECADM', path: { code: 'WUXI-TS' } })
}

/** Who is away, so that whoever signs in for them is noticed. */
async function absences(company: Company): Promise<void> {
  const { play } = company
  const as = 'hr-sync'
  const personId = company.member('H20005').id
  const recorded = await play.show('recordAbsence', 'Two weeks of leave', {
    as,
    body: {
      ...{ personId, kind: 'leave' },
      ...{ startsAt: '2026-07-05T16:00:00Z', endsAt: '2026-07-19T16:00:00Z' },
    },
  })
  const path = { id: textOf(recorded.body, 'id') }
  await play.show('listAbsences', 'When somebody is away', { as, query: { personId, limit: 10 } })
  await play.show('readAbsence', 'One absence, with its version', { as, path })
  await play.show('endAbsence', 'Back a week earlier', {
    as,
    path,
    body: { endsAt: '2026-07-12T16:00:00Z' },
  })
}
