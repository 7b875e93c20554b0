import { expect, test } from '@jest/globals'
import { EbsRefusal, EbsSimulator } from '../../../../infra/ebs-simulator/src/ebs.ts'
import { doOnce } from '../../../../infra/ebs-simulator/src/is-done.ts'
import { ProvisioningKind } from '../../src/provisioning/provisioning-task.ts'
import {
  addResponsibility,
  addRole,
  createUser,
  enableUser,
  endDateUser,
  endResponsibility,
  endRole,
  resetPassword,
  setProfileOption,
  updateUser,
  type EbsRequest,
} from '../../src/provisioning/rules/ebs-request.ts'
import { readBackFits } from '../../src/provisioning/rules/read-back-fits.ts'

const user = {
  userName: 'LIN.MEI',
  name: 'Lin Mei',
  employeeNumber: 'E7',
  email: 'lin@example.test',
}
const clerk = { application: 'SQLGL', key: 'GL_CLERK', securityGroup: 'STANDARD' }
/** Later than any day on which this runs. */
const LATER = '2999-12-31'

/** Every kind, in an order in which EBS can take them. */
const requests: EbsRequest[] = [
  createUser(user, '2026-11-30', 90),
  updateUser({ ...user, name: 'Lin Meili', email: null }),
  addResponsibility(user.userName, clerk, '2026-11-30'),
  addRole(user.userName, 'UMX|CLERK', '2026-11-30'),
  endDateUser(user.userName, LATER),
  endResponsibility(user.userName, clerk, LATER),
  endRole(user.userName, 'UMX|CLERK', LATER),
  enableUser(user.userName, '2026-11-30'),
  resetPassword(user.userName),
  setProfileOption('SIGNON_PASSWORD_LENGTH', '8'),
]

test('every kind of task is understood by the simulator, and what is read back is what was asked', () => {
  expect(requests.map(({ kind }) => kind).toSorted()).toEqual([...ProvisioningKind.enum].toSorted())
  const ebs = new EbsSimulator()
  for (const { kind, call, expected } of requests) {
    const found = doOnce(ebs, call)
    const readBack = Object.fromEntries(
      Object.entries(found).map(([member, value]) => [
        member,
        value === null ? null : String(value),
      ]),
    )
    expect([kind, readBackFits(expected, readBack)]).toEqual([kind, true])
  }
})

test('an update leaves what is null, and empties what is *NULL*', () => {
  const ebs = new EbsSimulator()
  ebs.call(createUser(user, '2026-11-30', 90).call)
  expect(doOnce(ebs, endDateUser(user.userName, LATER).call)).toMatchObject({
    ...{ endDate: LATER, emailAddress: user.email, description: 'Lin Mei (E7)' },
  })
  expect(doOnce(ebs, updateUser({ ...user, email: null }).call)).toMatchObject({
    ...{ endDate: LATER, emailAddress: null },
  })
})

test('what has ended keeps the date of its end, however often it is ended', () => {
  const ebs = new EbsSimulator({
    users: {
      'LIN.MEI': { startDate: '2026-01-01', endDate: null, description: null, emailAddress: null },
    },
    responsibilities: { 'LIN.MEI|SQLGL|GL_CLERK|STANDARD': '2026-02-01' },
    roles: {},
  })
  expect(doOnce(ebs, endResponsibility(user.userName, clerk, LATER).call).endDate).toBe(
    '2026-02-01',
  )
  expect(new EbsSimulator(ebs.memory).memory).toEqual(ebs.memory)
})

test('a user and a procedure that EBS does not have are refused', () => {
  const ebs = new EbsSimulator()
  expect(() => {
    ebs.call(endDateUser('NOBODY', LATER).call)
  }).toThrow(EbsRefusal)
  expect(() => {
    ebs.call({ procedure: 'FND_USER_PKG.Nonsense', arguments: {} })
  }).toThrow(EbsRefusal)
})

test('names are upper case, a second creation is refused, and a middleware that looks first does not ask for it', () => {
  const ebs = new EbsSimulator()
  const create = createUser(user, '2026-11-30', 90).call
  ebs.call({ ...create, arguments: { ...create.arguments, x_user_name: 'lin.mei' } })
  expect(ebs.read(create)).toMatchObject({ userName: 'LIN.MEI', validity: '21' })
  expect(() => {
    ebs.call(create)
  }).toThrow(EbsRefusal)
  expect(doOnce(ebs, create)).toMatchObject({ userName: 'LIN.MEI' })
  expect(ebs.creations.get('LIN.MEI')).toBe(2)
})

test('what comes by a role is not ended alone, and a disabling that is repeated moves the date', () => {
  const ebs = new EbsSimulator({
    users: {
      'LIN.MEI': {
        ...{ startDate: '2026-01-01', endDate: '2026-02-01', description: null },
        emailAddress: null,
      },
    },
    responsibilities: {},
    roles: { 'LIN.MEI|UMX|CLERK': null },
  })
  ebs.brings.set('UMX|CLERK', ['SQLGL|GL_CLERK|STANDARD'])
  expect(ebs.held()).toMatchObject([
    {
      roles: [{ name: 'UMX|CLERK', endDate: null }],
      responsibilities: [{ key: 'GL_CLERK', indirect: true }],
    },
  ])
  expect(() => {
    ebs.call(endResponsibility(user.userName, clerk, LATER).call)
  }).toThrow(EbsRefusal)
  ebs.call({ procedure: 'FND_USER_PKG.DisableUser', arguments: { username: 'LIN.MEI' } })
  expect(ebs.users.get('LIN.MEI')?.endDate).not.toBe('2026-02-01')
})

test('a lock lasts until the password is reset', () => {
  const ebs = new EbsSimulator()
  const create = createUser(user, '2026-11-30', 90).call
  ebs.call(create)
  ebs.lock('LIN.MEI')
  expect(ebs.read(create)?.validity).toBe('12')
  ebs.call(resetPassword('LIN.MEI').call)
  expect(ebs.read(create)?.validity).toBe('21')
})
