import js from '@eslint/js'
import tseslint from 'typescript-eslint'

/** Bans imports; `message` says what to do instead. */
const banned = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] })

const NO_KAFKAJS = {
  group: ['kafkajs', 'kafkajs/*'],
  message:
    'Only packages/messaging speaks to Kafka: publish with appendEvent, subscribe with on().',
}
const NO_HOST = {
  group: ['@erp-steward/standalone/*', '**/main.ts'],
  message: 'Nobody imports a process.',
}
const NO_EDGES = {
  group: ['**/routes.ts', '**/on-*.ts'],
  message: 'Routes and handlers call use cases; nothing calls them but service.ts.',
}

const NO_BARRELS = {
  selector: 'ExportAllDeclaration',
  message: 'No barrels: import the file that has it.',
}
/** Next to a Chinese character, in the texts that people read. */
const HALF_WIDTH = /[\u4e00-\u9fff”）][,;:?!(]|[,;:][\u4e00-\u9fff“（]/.source
const CHINESE_PUNCTUATION = ['Literal[value=', 'TemplateElement[value.raw='].map((of) => ({
  selector: `${of}/${HALF_WIDTH}/]`,
  message: 'Chinese text takes ，；：（）？！',
}))

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/',
      '.data/',
      '.cache/',
      'infra/kafka/lib*/',
      'docs/',
      'coverage/',
      'test/contract/clients/',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'no-console': 'error',
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // A TypeORM EntitySchema takes an object literal where its type is a class.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Interfaces of our own may be extended by declaration merging (Fastify); types may not.
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      'no-restricted-syntax': [
        'error',
        NO_BARRELS,
        ...CHINESE_PUNCTUATION,
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'Configuration is read once, in main.ts, and passed on.',
        },
      ],
      ...banned(NO_KAFKAJS, NO_HOST),
    },
  },
  {
    files: ['packages/messaging/**/*.ts'],
    rules: banned(NO_HOST),
  },
  {
    files: ['services/*/src/**/*.ts'],
    rules: banned(NO_KAFKAJS, NO_HOST, NO_EDGES),
  },
  {
    files: ['services/*/src/service.ts', 'services/gateway/src/gateway.ts'],
    rules: banned(NO_KAFKAJS, NO_HOST),
  },
  {
    files: ['services/*/src/**/rules/**/*.ts', 'packages/work-calendar/src/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'Rules do no I/O.' },
        { name: 'process', message: 'Rules know nothing of the process.' },
        { name: 'setTimeout', message: 'Rules do not wait.' },
      ],
      'no-restricted-syntax': [
        'error',
        NO_BARRELS,
        ...CHINESE_PUNCTUATION,
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'Time is an argument.',
        },
        {
          selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
          message: 'Time is an argument.',
        },
        {
          selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
          message: 'Chance is an argument.',
        },
      ],
    },
  },
  {
    files: ['services/*/src/**/rules/**/*.ts'],
    rules: banned({
      group: [
        'typeorm',
        'fastify',
        'pg',
        'node:*',
        '@erp-steward/service-kit/*',
        '@erp-steward/messaging/*',
      ],
      message: 'Rules decide on data and time alone.',
      allowTypeImports: true,
    }),
  },
  {
    // Processes, tests, benches and scripts read the environment and print.
    files: [
      '**/main.ts',
      '**/test/**/*.ts',
      '**/bench/**/*.ts',
      'scripts/**/*.ts',
      'infra/*/src/**/*.ts',
      'packages/test-kit/**/*.ts',
    ],
    rules: {
      'no-console': 'off',
      'no-restricted-syntax': ['error', NO_BARRELS],
      'no-restricted-imports': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
      },
    },
  },
)
