// node infra/docker/healthy.mjs: ends with 0 when the process of this container is ready for requests, with 1 when not.
// PORT and TLS_CERT_FILE are those of the process it asks.
import { request as http } from 'node:http'
import { request as https } from 'node:https'

const ask = process.env.TLS_CERT_FILE ? https : http
const question = ask(
  {
    host: '127.0.0.1',
    port: process.env.PORT,
    path: '/health/ready',
    timeout: 4_000,
    // The certificate is for the name outside, and this is the same container.
    rejectUnauthorized: false,
  },
  (answer) => {
    answer.resume()
    process.exitCode = answer.statusCode === 200 ? 0 : 1
  },
)
question.on('timeout', () => question.destroy(new Error('no answer in 4 s')))
question.on('error', (error) => {
  console.error(error.message)
  process.exitCode = 1
})
question.end()
