import type { IConfiguration } from 'dependency-cruiser'

const pure = '^app/(request|identity|decision|grant|audit)/|^app/policy/(input|result|fold)\\.ts$'
const severity = 'error' as const
const edges = ['github', 'git', 'store', 'queue', 'provider', 'server', 'cli', 'sandbox']

/** The direction rules of app/DESIGN.md, checked by scripts/rules.ts. */
export const directions: IConfiguration = {
  forbidden: [
    { name: 'no-circles', severity, from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    {
      // Which of its names are pure, biome.json says.
      name: 'pure-rooms-take-of-node-crypto-alone',
      severity,
      from: { path: pure },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'pure-rooms-see-pure-rooms',
      severity,
      from: { path: pure },
      to: {
        path: '^app/',
        pathNot: [pure, '^app/identity/', '^app/reconcile/ports/(evaluator|policy-trial)\\.ts$'],
      },
    },
    {
      name: 'reconcile-sees-pure-rooms-and-ports',
      severity,
      from: { path: '^app/reconcile/' },
      to: { path: '^app/', pathNot: [pure, '^app/reconcile/', '^app/provider/port\\.ts$'] },
    },
    {
      name: 'a-cloud-sees-the-port-and-its-sdk',
      severity,
      from: { path: '^app/provider/([^/]+)/' },
      to: {
        path: '^app/',
        pathNot: ['^app/provider/$1/', '^app/provider/[^/]+\\.ts$', '^app/grant/', '^app/request/'],
      },
    },
    ...edges.map((room) => ({
      name: `${room}-is-an-island`,
      severity,
      from: { path: `^app/${room}/` },
      to: {
        path: `^app/(${edges.filter((other) => other !== room).join('|')})/`,
        pathNot: ['^app/provider/port\\.ts$'],
      },
    })),
    {
      name: 'counterparts-see-nothing-of-the-service',
      severity,
      from: { path: '^app/sandbox/' },
      to: { path: '^app/', pathNot: '^app/sandbox/' },
    },
    {
      name: 'nobody-imports-main-or-compose',
      severity,
      from: { path: '^app/', pathNot: '^app/(main|compose)\\.ts$|^app/compose/' },
      to: { path: '^app/(main|compose)\\.ts$|^app/compose/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
}
