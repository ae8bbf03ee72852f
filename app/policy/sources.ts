import type { PolicyFault, PolicyFaultCode } from './policy-fault.ts'

export type PolicyType = 'eligibility' | 'approval'
export type RegoRoot = 'gitsudo' | 'jitsudo'
export type RegoFile = { readonly path: string; readonly text: string }
export type PolicySource = RegoFile & {
  readonly name: string
  readonly type: PolicyType
  readonly root: RegoRoot
}
export type Sources = {
  /** In order of name. */
  readonly policies: readonly PolicySource[]
  readonly lib: readonly RegoFile[]
  /** `*_test.rego`, wherever they lie: run by `policy test`, never loaded. */
  readonly tests: readonly RegoFile[]
  readonly faults: readonly PolicyFault[]
}

const largest = 256 * 1024
const canonical = /^policies\/(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}\.rego$/
/** No two parts of it take the same character in the same place: it reads each once, whatever anybody wrote. */
const header = /^(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t]*package[ \t]+([A-Za-z_][\w.]*)[ \t]*(?:#[^\n]*)?\r?(?:\n|$)/
const packages: Readonly<Record<string, readonly [RegoRoot, PolicyType]>> = {
  'gitsudo.eligibility': ['gitsudo', 'eligibility'],
  'gitsudo.approval': ['gitsudo', 'approval'],
  'jitsudo.eligibility': ['jitsudo', 'eligibility'],
  'jitsudo.approval': ['jitsudo', 'approval'],
}
/** Set at evaluation; a lib package of the same name would hide them. */
const dataNames = ['identities', 'roles', 'groups']

/** Tells policies, library and tests among the files below `policies/`; what is not Rego is not looked at. */
export function readSources(files: ReadonlyMap<string, Uint8Array>): Sources {
  const policies: PolicySource[] = []
  const lib: RegoFile[] = []
  const tests: RegoFile[] = []
  const faults: PolicyFault[] = []
  const names = new Map<string, string>()
  for (const [path, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!path.endsWith('.rego')) continue
    const text = readText(path, bytes, faults)
    if (text === undefined) continue
    const annotated = schemaAnnotation(text)
    if (annotated !== undefined) {
      const message = 'has a METADATA block with schemas or escapes'
      const remedy = 'take the schemas out; the compiler would read the files that they point at'
      faults.push(fault(path, annotated, 'annotation', message, remedy))
      continue
    }
    if (path.endsWith('_test.rego')) {
      tests.push({ path, text })
      continue
    }
    const found = header.exec(text)
    const name = found?.[1]
    if (name === undefined) {
      faults.push(
        fault(path, 1, 'package', 'does not begin with a package', 'begin the file with its package'),
      )
      continue
    }
    const line = found?.[0].trimEnd().split('\n').length ?? 1
    const kind = packages[name]
    if (path.startsWith('policies/lib/')) {
      if (kind !== undefined || dataNames.includes(name.split('.')[0] ?? '')) {
        const remedy = 'name a library package lib.<something>'
        faults.push(fault(path, line, 'package', `a library file cannot be in package ${name}`, remedy))
      } else lib.push({ path, text })
      continue
    }
    if (kind === undefined) {
      const remedy = `write gitsudo.eligibility or gitsudo.approval, or move the file to policies/lib/`
      faults.push(fault(path, line, 'package', `package ${name} is no policy's`, remedy))
      continue
    }
    const [root, type] = kind
    const mixed = otherRoot(text, root)
    if (mixed !== undefined) {
      const message = `a file of package ${name} also reads data.${mixed.root}`
      faults.push(fault(path, mixed.line, 'mixed_roots', message, `use one root, ${root}, in this file`))
      continue
    }
    const base = path.slice(path.lastIndexOf('/') + 1, -'.rego'.length)
    const twin = names.get(base)
    if (twin !== undefined) {
      faults.push(
        fault(path, 1, 'name', `policy ${base} is also ${twin}`, 'give each policy its own file name'),
      )
      continue
    }
    names.set(base, path)
    policies.push({ path, text, name: base, type, root })
  }
  return { policies: policies.sort((a, b) => (a.name < b.name ? -1 : 1)), lib, tests, faults }
}

function readText(path: string, bytes: Uint8Array, faults: PolicyFault[]): string | undefined {
  if (!canonical.test(path)) {
    faults.push(
      fault(path, 1, 'path', 'has a name that policies cannot have', 'use letters, digits, -, _ and .'),
    )
    return undefined
  }
  if (bytes.byteLength > largest) {
    faults.push(fault(path, 1, 'too_large', 'is larger than 256 KiB', 'split the file'))
    return undefined
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    faults.push(fault(path, 1, 'not_utf8', 'is not UTF-8', 'save the file as UTF-8'))
    return undefined
  }
}

/**
 * The line of an annotation by which opa's type checker would read a schema from the machine's own files, or tell
 * by its errors what they hold. Its YAML can spell a name with escapes or tags, so that those are refused as well.
 */
function schemaAnnotation(text: string): number | undefined {
  let within = false
  for (const [index, line] of text.split('\n').entries()) {
    const comment = line.indexOf('#')
    within = comment >= 0 && (within || line.includes('METADATA', comment))
    if (within && /schemas|\\|![^\s]/.test(line.slice(comment))) return index + 1
  }
  return undefined
}

/** Where a file speaks of the other root's packages, comments and strings left aside. */
function otherRoot(
  text: string,
  root: RegoRoot,
): { readonly root: RegoRoot; readonly line: number } | undefined {
  const other: RegoRoot = root === 'gitsudo' ? 'jitsudo' : 'gitsudo'
  const reference = new RegExp(`(?<![\\w.])data\\s*(?:\\.\\s*${other}\\b|\\[\\s*"${other}")`)
  for (const [index, line] of text.split('\n').entries()) {
    // A string that never ends is taken to the line's end, for not to be read again from each quote in it; it hides nothing.
    const code = line.replace(/"(?:[^"\\]|\\.?)*(?:"|$)|`[^`]*`|#.*/g, (token) =>
      token === `"${other}"` || !isWhole(token) ? token : '',
    )
    if (reference.test(code)) return { root: other, line: index + 1 }
  }
  return undefined
}

const isWhole = (token: string): boolean => !token.startsWith('"') || /^"(?:[^"\\]|\\.)*"$/.test(token)

function fault(
  file: string,
  line: number,
  code: PolicyFaultCode,
  message: string,
  remedy: string,
): PolicyFault {
  return { file, line, column: 1, code, message, remedy }
}
