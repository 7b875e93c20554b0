import { said } from '@erp-steward/contracts/bilingual'
import { expect, test } from '@jest/globals'
import { assertAnotherPerson } from '@erp-steward/service-kit/another-person'
import { testAct } from '@erp-steward/test-kit/test-act'

const [LI, WANG, ZHAO] = ['li', 'wang', 'zhao']

test.each([
  ['another person', { personId: LI }, [WANG, null], true],
  ['the same person', { personId: LI }, [WANG, LI], false],
  ['a client of another person', { personId: null, controllers: [LI] }, [WANG], true],
  [
    'a client that the first person controls',
    { personId: null, controllers: [ZHAO, LI] },
    [LI],
    false,
  ],
  ['a client that nobody is known to control', { personId: null, controllers: [] }, [LI], false],
  ['an account of nobody', { personId: null }, [null], false],
])('%s', (_who, act, first, mayDecide) => {
  const check = () => {
    assertAnotherPerson(testAct(act), first, said('You asked for it.', '由您申请。'))
  }
  if (mayDecide) expect(check).not.toThrow()
  else expect(check).toThrow(expect.objectContaining({ code: 'same-person' }))
})
