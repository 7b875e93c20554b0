import { EbsRefusal, type EbsCall, type EbsState, type HeldUser } from './ebs.ts'
import { aliases, PAGE, type FaceAccess } from './rest-face.ts'

/** Longest answer of EBS in milliseconds. */
const ANSWER_MS = 30_000

/** What a middleware needs of EBS. */
export interface Ebs {
  /** @throws EbsRefusal */
  call(call: EbsCall): Promise<void>
  /** What EBS has of what the call is about; `null`: nothing. */
  read(call: EbsCall): Promise<EbsState | null>
  /** Users with what they hold, page by page. */
  held(): AsyncIterable<readonly HeldUser[]>
  profile(): Promise<Readonly<Record<string, string>>>
}

/** EBS through its REST services. Source: EBS conventions 4.3. */
export class EbsClient implements Ebs {
  readonly #url: string
  readonly #authorization: string

  constructor(url: string, { user, password }: FaceAccess) {
    this.#url = url
    this.#authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  }

  async call({ procedure, arguments: given }: EbsCall): Promise<void> {
    const [pack = '', method = ''] = procedure.split('.')
    const alias = Object.keys(aliases).find((each) => aliases[each] === pack)
    if (alias === undefined) throw new EbsRefusal(`This EBS knows no ${procedure}.`)
    await this.#post(alias, method, given)
  }

  async read(call: EbsCall): Promise<EbsState | null> {
    const { STATE } = await this.#post<{ STATE: EbsState | null }>('erpinsp', 'read', call)
    return STATE
  }

  async *held(): AsyncGenerator<readonly HeldUser[]> {
    for (let from = 0; ; from += PAGE) {
      const { USERS } = await this.#post<{ USERS: HeldUser[] }>('erpinsp', 'held', { from })
      if (USERS.length > 0) yield USERS
      if (USERS.length < PAGE) return
    }
  }

  async profile(): Promise<Readonly<Record<string, string>>> {
    const { OPTIONS } = await this.#post<{ OPTIONS: Record<string, string> }>(
      'erpinsp',
      'profile',
      {},
    )
    return OPTIONS
  }

  async #post<Output>(alias: string, method: string, given: object): Promise<Output> {
    const response = await fetch(`${this.#url}/webservices/rest/${alias}/${method}/`, {
      method: 'POST',
      headers: { authorization: this.#authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ InputParameters: given }),
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    const body = (await response.json().catch(() => ({}))) as {
      OutputParameters?: Output
      ISGServiceFault?: { Message?: string }
    }
    if (body.ISGServiceFault !== undefined)
      throw new EbsRefusal(body.ISGServiceFault.Message ?? 'EBS gave no reason.')
    if (!response.ok || body.OutputParameters === undefined)
      throw new TypeError(`EBS answered ${String(response.status)} to ${alias}/${method}`)
    return body.OutputParameters
  }
}
