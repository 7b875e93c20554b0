import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { identityStage } from '../account-stage.ts'
import {
  approve,
  as,
  ask,
  call,
  join,
  joined,
  ok,
  onPerson,
  refusal,
  smallCompany,
  type PersonView,
} from '../directory-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
  await smallCompany(stage)
})
afterAll(() => stage.release())

const TWIN = [409, 'person-twin']
const NORTH = { unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'CLERK' }

test('[A-2.1.1] one human is one person: the address of an active person is nobody else’s, by any way in', async () => {
  const email = 'one.human@example.cn'
  const person = await joined(stage, { email })
  expect(await refusal(join(stage, { email }))).toEqual(TWIN)
  expect(await refusal(join(stage, { email: 'One.Human@Example.CN' }))).toEqual(TWIN)
  const other = await joined(stage)
  const url = `/v1/persons/${other.id}`
  const change = { method: 'PATCH', url, headers: as('SCRIPT'), version: 1 } as const
  expect(await refusal(call(stage, { ...change, payload: { email } }))).toEqual(TWIN)
  const list = await call(stage, {
    method: 'POST',
    url: '/v1/imports/persons?mode=good-rows',
    headers: { ...as('SCRIPT'), 'content-type': 'text/csv' },
    payload: [
      'employeeNumber,name,unitCode,departmentCode,positionCode,email',
      `TWIN1,张三,NORTH,FIN,CLERK,${email}`,
      `${other.employeeNumber},张三,NORTH,FIN,CLERK,${email}`,
    ].join('\n'),
  })
  expect(list.json()).toMatchObject({ counts: { refused: 2 } })
  // The own address is no twin's, and who left has none.
  const left = await ok<PersonView>(onPerson(stage, person, 'leave', { kind: 'resignation' }))
  await joined(stage, { email })
  expect(await refusal(onPerson(stage, left, 'rejoin', NORTH))).toEqual(TWIN)
})

test('[A-2.1.1] of joiners with one address at the same moment one joins', async () => {
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => join(stage, { email: 'race@example.cn' })),
  )
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409, 409, 409, 409])
})

test('an employee number is the same in any case', async () => {
  await joined(stage, { employeeNumber: 'Abc-1' })
  expect(await refusal(join(stage, { employeeNumber: 'ABC-1' }))).toEqual([
    409,
    'employee-number-taken',
  ])
})

test('[A-2.1.1] an address that several people have is admitted by two administrators', async () => {
  const email = 'warehouse@example.cn'
  const person = await joined(stage, { email })
  const change = await ask(stage, { kind: 'share-address', personId: person.id })
  expect(await refusal(join(stage, { email }))).toEqual(TWIN)
  await ok(approve(stage, change))
  expect((await join(stage, { email })).statusCode).toBe(201)
})
