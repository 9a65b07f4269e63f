// `ashlar doctor --blobs`: looks whether what is kept in the storages and what the database says of it agree, and mends it.
import { withApp } from '../runtime.ts'

export async function compareBlobs({ mend, force }: { mend: boolean; force: boolean }): Promise<void> {
  await withApp(
    async ({ storage }) => {
      let [found, left] = [0, 0]
      for await (const { tenantId, trouble, subject, detail, mended } of storage.inspect({ mend, force })) {
        found++
        if (!mended) left++
        console.log(`${mended ? 'mended' : 'found '}  ${trouble.padEnd(17)} ${tenantId}  ${subject}: ${detail}`)
      }
      if (found === 0) console.log('Bytes and rows agree.')
      else
        console.log(
          `${found} found, ${found - left} mended.${left > 0 && !mend ? ' --mend puts right what can be.' : ''}`,
        )
      if (left > 0) process.exitCode = 1
    },
    { existing: true },
  )
}
