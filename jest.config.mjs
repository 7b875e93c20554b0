// Tests of what needs no database: they start at once, the others wait for a server.
const pure = [
  'packages/contracts',
  'packages/regulation',
  'packages/work-calendar',
  'infra/docker',
  'infra/kafka',
  'infra/postgres',
  'infra/prometheus',
  'infra/standalone',
  'services/gateway',
  'services/*/test/rules',
]

const shared = {
  rootDir: '.',
  // Node loads the tests and all they import as it loads the product: once for all files of a worker.
  runtime: '<rootDir>/test/runner/runtime.mjs',
  testEnvironment: '<rootDir>/test/runner/environment.mjs',
  transform: {},
  injectGlobals: false,
  modulePathIgnorePatterns: ['<rootDir>/.data', '<rootDir>/.cache'],
}

export default {
  // One more than the cores that the suite is made for: its longest files wait for most of their time.
  maxWorkers: 3,
  testSequencer: './test/longest-first.mjs',
  // For a machine that is busy: what hangs is found late, what is slow is no fault.
  testTimeout: 180_000,
  projects: [
    {
      ...shared,
      displayName: 'pure',
      testMatch: pure.map((folder) => `<rootDir>/${folder}/**/*.test.ts`),
      testPathIgnorePatterns: ['/node_modules/'],
    },
    {
      ...shared,
      displayName: 'postgres',
      testMatch: ['packages', 'services', 'infra', 'test'].map(
        (folder) => `<rootDir>/${folder}/**/*.test.ts`,
      ),
      testPathIgnorePatterns: [
        '/node_modules/',
        ...pure.map((folder) => `<rootDir>/${folder.replace('*', '[^/]+')}/`),
      ],
      // Jest runs these only when a test of this project is among the chosen ones.
      globalSetup: '<rootDir>/test/global-setup.mjs',
      globalTeardown: '<rootDir>/test/global-teardown.mjs',
    },
  ],
}
