export default async function globalTeardown() {
  await globalThis.stewardTestPostgres?.release()
}
