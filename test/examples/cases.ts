import { textOf, type Company } from './company.ts'

/** An account that somebody else may use: reported, looked into, decided, and opened again. */
export async function cases(company: Company): Promise<void> {
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
