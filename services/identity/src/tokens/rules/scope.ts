import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'

/** Scopes that are no permission: what a client may learn of a person who signs in. */
export const identityScopes: readonly string[] = ['openid', 'profile']

/** The scopes of a parameter, each once. */
export function scopesOf(scope: string): string[] {
  return [...new Set(scope.split(' ').filter((each) => each !== ''))]
}

const permissionsIn = (scope: string) =>
  scopesOf(scope).filter((each) => !identityScopes.includes(each))

/** Those of the permissions that the scope leaves: all of them when it names none. */
export function withinScope(permissions: readonly string[], scope: string | null): string[] {
  const asked = permissionsIn(scope ?? '')
  return asked.length === 0 ? [...permissions] : permissions.filter((each) => asked.includes(each))
}

/** @throws Problem `scope-refused` when the scope names what its holder may not */
export function assertHeld(permissions: readonly string[], scope: string): void {
  const missing = permissionsIn(scope).filter((each) => !permissions.includes(each))
  if (missing.length > 0)
    throw new Problem(
      'scope-refused',
      said(
        `The caller does not hold ${missing.join(', ')}.`,
        `调用方不具有 ${missing.join('、')}。`,
      ),
    )
}
