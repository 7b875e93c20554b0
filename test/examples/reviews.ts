import { itemsOf, textOf, type Company } from './company.ts'

/** What people hold is certified by others, and what nobody certifies is not kept. */
export async function reviews(company: Company): Promise<void> {
  const { play } = company
  const leader = company.who('H20001')
  const keyUser = company.who('H20002')
  await play.show('nameAccessReviewer', 'The key user reviews what the factory holds of GL', {
    as: leader,
    path: { unitId: company.unit('HD-SZ'), moduleCode: 'GL' },
    body: { personId: company.member('H20002').id, applications: ['SQLGL'] },
    ifMatch: null,
  })
  await play.show('listAccessReviewers', 'Who reviews what in the factory', {
    as: leader,
    query: { limit: 10 },
  })
  await business(company, leader, keyUser)
  await privileged(company)
}

async function business(company: Company, leader: string, keyUser: string): Promise<void> {
  const { play } = company
  const opened = await play.show('openAccessReview', 'Out of turn, after a reorganisation', {
    as: 'SECADM',
    body: { kind: 'business' },
  })
  const path = { id: textOf(opened.body, 'id') }
  await play.show('delegateAccessReview', 'The leader is away next week', {
    as: leader,
    path,
    body: {
      personId: company.member('H20002').id,
      moduleCode: 'GL',
      reason: '本人出差，由关键用户复核总账权限。',
    },
  })
  const waiting = await play.show('listAccessReviewItems', 'What the key user holds', {
    as: leader,
    path,
    query: { personId: company.member('H20002').id, decision: 'none', limit: 10 },
    shownBy: ['name'],
  })
  const [first, ...others] = itemsOf(waiting)
    .toSorted((a, b) => (textOf(a, 'name') < textOf(b, 'name') ? -1 : 1))
    .map((item) => textOf(item, 'id'))
  await play.show('decideAccessReviewItems', 'One stays, one ends at once', {
    as: leader,
    path,
    body: {
      decisions: [
        { itemId: first, decision: 'certify' },
        ...others
          .slice(0, 1)
          .map((itemId) => ({ itemId, decision: 'revoke', reason: '岗位已不需要。' })),
      ],
    },
    shownBy: ['name'],
  })
  await play.show('readAccessReview', 'How far it is, in the own unit', { as: keyUser, path })
  await play.show('listAccessReviews', 'What is open', {
    as: 'AUDADM',
    query: { state: 'open', limit: 10 },
  })
}

async function privileged(company: Company): Promise<void> {
  const { play } = company
  const opened = await play.call('openAccessReview', {
    as: 'SECADM',
    body: { kind: 'privileged' },
  })
  const path = { id: textOf(opened.body, 'id') }
  const items = itemsOf(
    await play.call('listAccessReviewItems', { as: 'SECADM', path, query: { limit: 200 } }),
  )
  await play.call('decideAccessReviewItems', {
    as: 'SECADM',
    path,
    body: {
      decisions: items.map((item) => ({ itemId: textOf(item, 'id'), decision: 'certify' })),
    },
  })
  await play.stage.run('identity', 'close-access-reviews')
  await play.show('exportAccessReview', 'The receipt, line by line', { as: 'AUDADM', path })
}
