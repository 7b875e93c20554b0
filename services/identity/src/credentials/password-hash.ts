import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { hash, verify } from '@node-rs/argon2'

/** argon2id is the library's default algorithm; m in KiB. Source: OWASP, ASVS 5.0 appendix C. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** Hashes that run at a time: each takes 20 ms of a core and a thread that files and DNS need too. Source: measured. */
const AT_A_TIME = 2
/** Calls that may wait, some 2 s of work; who comes later is told to come back. */
const WAITING = 200

/** A hash of 256 random bits that nobody kept: what a password is compared with where there is none. */
export const NOBODYS_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$GP/TJWmbQ8T/JEENOM6tkQ$XElHfuf53IdFvB77mi8jeR0+Ak2hWChEZnzIIcPW0pY'

let running = 0
let begun = 0
const queue: (() => void)[] = []

/** Hashes that the process has begun to compute, and those that wait. */
export const passwordWork = () => ({ begun, waiting: queue.length })

/** The argon2id hash of a password, in PHC form. */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, COST))
}

/** Whether the password has this hash; takes as long when not. */
export function verifyPassword(stored: string, password: string): Promise<boolean> {
  return inTurn(() => verify(stored, password))
}

async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (running >= AT_A_TIME) {
    if (queue.length >= WAITING)
      throw new Problem(
        'unavailable',
        said('Too many passwords are being checked.', '正在校验的密码过多。'),
        {
          retryAfterSeconds: 3,
        },
      )
    // The one that ends hands its turn over, so `running` stays as it is.
    await new Promise<void>((resolve) => queue.push(resolve))
  } else running += 1
  begun += 1
  try {
    return await work()
  } finally {
    const next = queue.shift()
    if (next === undefined) running -= 1
    else next()
  }
}
