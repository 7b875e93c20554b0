import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { App } from '@erp-steward/service-kit/app'

/** Lets the operations of a scope take forms, as OAuth 2 has it: each parameter once, empty ones as if left out. */
export function takeForms(scope: App): void {
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, parsed) => {
      const form = new URLSearchParams(body.toString())
      const names = [...form.keys()]
      if (new Set(names).size !== names.length)
        parsed(
          new Problem(
            'malformed-request',
            said('A parameter is sent twice.', '同一参数发送了两次。'),
          ),
        )
      else parsed(null, Object.fromEntries([...form].filter(([, value]) => value !== '')))
    },
  )
}
