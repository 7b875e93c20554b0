// Checks copies of the audit ledger without the product: Node 18 or newer and this file are enough. See docs/guides/operate.md.
// Memory stays small however long a copy is; only the heads of a witness file are held.
import { Buffer } from 'node:buffer'
import { createHash, createPublicKey, verify } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'

const USAGE = `Usage: node verify-ledger.mjs [options] <export.ndjson> [<the export that goes on from there> …]
       node verify-ledger.mjs [options] --receipt <answer of a verification.json>
  --key <public key>        32 bytes in base64url, as GET /v1/audit/keys gave it to you; may be repeated
  --witness <file>          a copy of ledger-witness.ndjson that lay elsewhere
  --head <number>:<hash>    a head or anchor that somebody noted; may be repeated
Ends with 0: sound, and signed with a key that you gave; 1: broken; 2: wrong call; 3: sound in itself, but unproven.`

const GENESIS = '0'.repeat(64)
/** By how much the clocks of two replicas may differ, in milliseconds. */
const CLOCKS_MS = 300_000
const FORMAT = 'erp-steward ledger export 1'

/** Something that is wrong with what was handed in; the text says where. */
class Broken extends Error {}

const say = console.log

/** @returns the exit code */
async function run(args) {
  let options
  try {
    options = optionsOf(args)
  } catch (error) {
    say(`${error.message}\n${USAGE}`)
    return 2
  }
  try {
    return options.receipt === null ? await checkExports(options) : checkVerification(options)
  } catch (error) {
    // A file that is not there, or may not be read.
    if (error.syscall !== undefined) {
      say(error.message)
      return 2
    }
    if (!(error instanceof Broken)) throw error
    say(`BROKEN: ${error.message}`)
    return 1
  }
}

function optionsOf(args) {
  const options = { files: [], keys: new Map(), witness: null, heads: new Map(), receipt: null }
  const rest = [...args]
  const value = (name) => {
    const next = rest.shift()
    if (next === undefined) throw new Error(`${name} needs a value.`)
    return next
  }
  while (rest.length > 0) {
    const arg = rest.shift()
    if (arg === '--key') {
      const key = keyOf(value(arg))
      options.keys.set(key.id, key.publicKey)
    } else if (arg === '--witness') options.witness = value(arg)
    else if (arg === '--receipt') options.receipt = value(arg)
    else if (arg === '--head') {
      const [, seq, hash] = /^([1-9]\d*):([0-9a-f]{64})$/.exec(value(arg)) ?? []
      if (hash === undefined) throw new Error('--head is a number, a colon and 64 hex digits.')
      options.heads.set(Number(seq), hash)
    } else if (arg.startsWith('-')) throw new Error(`There is no option ${arg}.`)
    else options.files.push(arg)
  }
  if ((options.receipt === null) === (options.files.length === 0))
    throw new Error('Name the copies to check, or one receipt.')
  if (options.receipt !== null && options.keys.size === 0)
    throw new Error('A receipt is worth what its --key is worth.')
  return options
}

/** Throws when it is no public key of Ed25519. */
function keyOf(text) {
  const raw = Buffer.from(text, 'base64url')
  if (!/^[A-Za-z0-9_-]{43}=?$/.test(text) || raw.length !== 32)
    throw new Error('--key is 43 characters of base64url.')
  const x = raw.toString('base64url')
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return { id: createHash('sha256').update(raw).digest('hex').slice(0, 16), publicKey }
}

async function checkExports({ files, keys, witness, heads: noted }) {
  const known = new Map([...noted].map(([seq, hash]) => [seq, { hash, signedAt: null }]))
  if (witness !== null) await readWitness(witness, keys, known)
  const found = { compared: 0, unknownHeads: 0 }
  let before = null
  for (const file of files) {
    const copy = await readExport(file, { keys, known, found, before })
    const { header, records, last } = copy
    const range = records === 0 ? 'none' : `${copy.first} to ${last.seq}`
    const left = copy.isWhole ? '' : `, filtered by ${JSON.stringify(header.filter)}`
    say(`${file}: ${records} records (${range}${left}), made ${header.madeAt} by ${header.madeBy}`)
    say(`  signed ${copy.receipt.signedAt} with key ${copy.receipt.keyId}`)
    say(`  ${copy.heads} signed heads inside agree`)
    if (!copy.isWhole) say('  what the filter left out cannot be seen')
    before = { file, isWhole: copy.isWhole, seq: header.head.seq, hash: header.head.hash }
  }
  if (found.unknownHeads > 0)
    say(
      `${found.unknownHeads} heads inside are signed with keys that you did not give: not counted`,
    )
  const isAsked = witness !== null || noted.size > 0
  if (isAsked)
    say(`${found.compared} of ${known.size} heads from outside lie in these records, and agree`)
  else say('No --witness and no --head: who rewrote the ledger before it was copied is not found.')
  if (keys.size === 0)
    return unproven('give --key, for the key in the file proves nothing by itself')
  if (isAsked && found.compared === 0) return unproven('nobody outside vouches for these records')
  say('SOUND')
  return 0
}

function unproven(why) {
  say(`UNPROVEN, though sound in itself: ${why}.`)
  return 3
}

async function readExport(file, { keys: trusted, known, found, before }) {
  const fail = (why) => {
    throw new Broken(`${file}: ${why}`)
  }
  const digest = createHash('sha256')
  const copy = { header: null, receipt: null, records: 0, heads: 0, first: null, last: null }
  let keys = trusted
  for await (const { text, bytes, isEnded } of linesOf(file)) {
    if (copy.receipt !== null) fail('something stands behind the receipt')
    const entry = parsed(text) ?? fail(`a line is no JSON: ${text.slice(0, 60)}`)
    if (!isEnded) fail('the last line is cut short')
    if (copy.header === null) {
      if (entry.line !== 'export' || entry.format !== FORMAT) fail(`it is no ${FORMAT}`)
      if (keys.size === 0) keys = keysIn(entry, fail)
      begin(copy, entry, before, fail)
    } else if (entry.line === 'record') {
      checkRecord(copy, entry, fail)
      const outside = known.get(entry.seq)
      if (outside !== undefined) {
        if (outside.hash !== entry.hash)
          fail(`record ${entry.seq} is not what a head from outside says`)
        found.compared += 1
      }
    } else if (entry.line === 'head') {
      if (entry.seq !== copy.last?.seq || entry.hash !== copy.last.hash)
        fail(`the signed head ${entry.seq} is not what record ${copy.last?.seq} says`)
      if (!keys.has(entry.keyId)) found.unknownHeads += 1
      else if (!isSigned(keys, 'head', [entry.seq, entry.hash], entry))
        fail(`the signature of head ${entry.seq} is none`)
      else copy.heads += 1
    } else if (entry.line === 'receipt') {
      checkReceipt(copy, entry, digest.digest('hex'), keys, fail)
      continue
    } else fail(`a line of a kind that nobody knows: ${text.slice(0, 60)}`)
    digest.update(bytes)
  }
  if (copy.receipt === null) fail('it has no receipt: it broke off')
  const { head, madeAt } = copy.header
  for (const [seq, { signedAt }] of known)
    if (
      seq > head.seq &&
      signedAt !== null &&
      Date.parse(madeAt) - Date.parse(signedAt) > CLOCKS_MS
    )
      fail(`it ends with record ${head.seq}, but head ${seq} was signed before it was made`)
  return copy
}

function begin(copy, header, before, fail) {
  const { after, head, filter } = header
  if (!Number.isSafeInteger(after) || !Number.isSafeInteger(head?.seq) || !isObject(filter))
    fail('its first line does not say what it holds')
  copy.header = header
  copy.isWhole = Object.keys(filter).length === 0
  if (before !== null) {
    if (after !== before.seq)
      fail(`it begins after record ${after}, but ${before.file} ends with ${before.seq}`)
    copy.last = before.isWhole ? { seq: before.seq, hash: before.hash } : null
  } else if (after === 0) copy.last = { seq: 0, hash: GENESIS }
}

function checkRecord(copy, record, fail) {
  const { seq, recordedAt, envelope, previousHash, hash } = record
  const { last, header, isWhole } = copy
  if (!Number.isSafeInteger(seq) || ![recordedAt, envelope, previousHash, hash].every(isText))
    fail('a record lacks a member')
  const expected = (copy.records === 0 ? header.after : last.seq) + 1
  if (isWhole && seq !== expected) fail(`record ${expected} is missing`)
  if (seq < expected || seq > header.head.seq) fail(`record ${seq} is out of its place`)
  if (last !== null && last.seq === seq - 1 && last.hash !== previousHash)
    fail(`record ${seq} does not follow from the one before`)
  const computed = createHash('sha256')
    .update(Buffer.from(previousHash, 'hex'))
    .update(`${seq}\n${recordedAt}\n${envelope}\n`)
    .digest('hex')
  if (computed !== hash) fail(`record ${seq} was changed`)
  const event = parsed(envelope)
  if (
    event?.id !== record.eventId ||
    event.type !== record.type ||
    event.subject !== record.subject ||
    event.actor !== record.actor
  )
    fail(`what stands beside the event of record ${seq} is not what the event says`)
  copy.first ??= seq
  copy.records += 1
  copy.last = { seq, hash }
}

function checkReceipt(copy, receipt, sha256, keys, fail) {
  const { header, last, isWhole, records } = copy
  if (receipt.records !== records)
    fail(`its receipt counts ${receipt.records} records, here are ${records}`)
  if (receipt.sha256 !== sha256) fail('its bytes are not those of its receipt')
  if (!keys.has(receipt.keyId))
    fail(`it is signed with key ${receipt.keyId}, which you did not give`)
  if (!isSigned(keys, 'export', [receipt.records, receipt.sha256], receipt))
    fail('the signature of its receipt is none')
  const end = records === 0 ? { seq: header.after, hash: last?.hash } : last
  if (isWhole && (end.seq < header.head.seq || (end.hash ?? header.head.hash) !== header.head.hash))
    fail(`its records end at ${end.seq}, and not with its head ${header.head.seq}`)
  copy.receipt = receipt
}

/** Adds the heads of a witness file, by number. */
async function readWitness(file, keys, known) {
  let foreign = 0
  for await (const { text } of linesOf(file)) {
    const head = parsed(text)
    // Lines that a crash cut short were written again.
    if (!Number.isSafeInteger(head?.seq) || !isText(head.hash)) continue
    const { seq, hash, signedAt, keyId } = head
    if (keys.size > 0 && !keys.has(keyId)) foreign += 1
    else if (keys.size > 0 && !isSigned(keys, 'head', [seq, hash], head))
      throw new Broken(`${file}: the signature of head ${seq} is none`)
    else if ((known.get(seq)?.hash ?? hash) !== hash)
      throw new Broken(`${file}: two heads ${seq} that are not the same`)
    else known.set(seq, { hash, signedAt })
  }
  if (foreign > 0)
    say(`${file}: ${foreign} heads are signed with keys that you did not give: left out`)
}

/** What a verification of the ledger said, as its answer was saved. */
function checkVerification({ receipt: file, keys }) {
  const answer = parsed(readFileSync(file, 'utf8'))
  const receipt = answer?.receipt ?? answer
  if (!isText(receipt?.signature)) throw new Broken(`${file} holds no receipt`)
  const { state, seq, hash, since, vouchedSeq, signedAt, keyId } = receipt
  if (!keys.has(keyId))
    throw new Broken(`${file} is signed with key ${keyId}, which you did not give`)
  if (!isSigned(keys, 'verification', [state, seq, hash, since ?? '-', vouchedSeq], receipt))
    throw new Broken(`${file}: the signature of the receipt is none`)
  say(`${file}: the ledger was ${state} when it was verified ${signedAt}`)
  say(`  its chain was sound from record 1 (${since ?? 'there was none'}) to ${seq}, hash ${hash}`)
  say(`  a witness outside the database vouched for it up to record ${vouchedSeq}`)
  say(`  signed with key ${keyId}`)
  say('SOUND')
  return 0
}

function keysIn(holder, fail) {
  const keys = new Map()
  for (const { publicKey } of Array.isArray(holder?.keys) ? holder.keys : []) {
    const key = keyOf(String(publicKey))
    keys.set(key.id, key.publicKey)
  }
  return keys.size > 0 ? keys : fail('it names no key')
}

/** The text that is signed: each line ended by a line feed. */
function isSigned(keys, kind, lines, { signedAt, keyId, signature }) {
  const all = [`erp-steward ledger ${kind} 1`, ...lines, signedAt, keyId]
  // A line feed in a member would move the others.
  if (all.some((line) => /[\r\n]/.test(String(line)))) return false
  const text = Buffer.from(all.map((line) => `${line}\n`).join(''))
  return verify(null, text, keys.get(keyId), Buffer.from(String(signature), 'base64url'))
}

/** The lines of a file one by one, with their very bytes. */
async function* linesOf(file) {
  const line = (bytes, isEnded) => ({ bytes, isEnded, text: bytes.toString('utf8').trim() })
  let rest = []
  for await (const chunk of createReadStream(file)) {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      yield line(Buffer.concat([...rest, chunk.subarray(from, at + 1)]), true)
      rest = []
      from = at + 1
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
  }
  if (rest.length > 0) yield line(Buffer.concat(rest), false)
}

function parsed(text) {
  try {
    const value = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value) {
  return typeof value === 'string'
}

process.exitCode = await run(process.argv.slice(2))
