import type { Act } from '@erp-steward/contracts/act'

const PERSON = '0195f2a0-0000-7000-8000-000000000001'

/** An act with fixed values, a Monday noon in UTC; what matters to a test is passed in. */
export function testAct(overrides: Partial<Act> = {}): Act {
  return {
    actor: PERSON,
    personId: PERSON,
    controllers: [],
    role: 'SECURITY_ADMIN',
    unitId: null,
    requestId: '0195f2a0-0000-7000-8000-0000000000aa',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    now: new Date('2026-11-23T12:00:00Z'),
    ...overrides,
  }
}
