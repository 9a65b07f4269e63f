// Pictures: where they were taken is left out, giants are refused, and small ones are made of them.
import assert from 'node:assert/strict'
import { readdir, readlink, rm } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { type Person, startApp, type TestApp, unique } from '../../../../../test/harness.ts'
import { folder as newDir } from '../../../../drivers/blobs/blobs.fixture.ts'
import { withoutLocation } from './location.ts'

const PLACE = { IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 2668/100', GPSLongitude: '0/1 7/1 3936/100' } }
const XMP =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="51,30.4N"/></rdf:RDF></x:xmpmeta>'

async function* pieces(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size)
}

async function scrubbed(type: string, content: Buffer, size = 1_000): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of withoutLocation(type, pieces(content, size))) parts.push(part)
  return Buffer.concat(parts)
}

/** A picture that says where it was taken, who took it, and how it is to be turned. */
function taken(format: 'jpeg' | 'png' | 'webp'): Promise<Buffer> {
  const noise = Buffer.from(Array.from({ length: 64 * 48 * 3 }, (_, at) => (at * 7919) % 256))
  return sharp(noise, { raw: { width: 64, height: 48, channels: 3 } })
    .withExif({ IFD0: { Artist: 'Mason' }, ...PLACE })
    .withMetadata({ orientation: 6 })
    .withXmp(XMP)
    .toFormat(format, { quality: 90 })
    .toBuffer()
}
const pixelsOf = (picture: Buffer) => sharp(picture).raw().toBuffer()

describe('the place of a picture', () => {
  for (const format of ['jpeg', 'png', 'webp'] as const)
    it(`FILE-1: is left out of ${format}; the picture, its maker and how it is turned stay`, async () => {
      const before = await taken(format)
      const [was, words] = [await sharp(before).metadata(), before.toString('latin1')]
      assert.ok(was.exif?.includes(Buffer.from([0x25, 0x88])) || was.exif?.includes(Buffer.from([0x88, 0x25])))
      // In PNG it is compressed.
      if (format !== 'png') assert.match(words, /GPSLatitude/)
      assert.equal(was.orientation, 6)
      for (const size of [1, 7, 1_000, 1_000_000]) {
        const after = await scrubbed(`image/${format}`, before, size)
        const is = await sharp(after, { failOn: 'warning' }).metadata()
        assert.deepEqual(
          [is.width, is.height, is.format, is.orientation],
          [was.width, was.height, format, was.orientation],
        )
        assert.ok((await pixelsOf(after)).equals(await pixelsOf(before)))
        assert.ok(is.exif?.includes('Mason'), 'the rest of Exif stays')
        assert.ok(!is.exif?.includes(Buffer.from([0x25, 0x88])) && !is.exif?.includes(Buffer.from([0x88, 0x25])))
        assert.ok(!after.includes('GPS'))
      }
    })

  it('FILE-1: is left out of big-endian Exif too', async () => {
    const tiff = Buffer.alloc(100)
    tiff.write('MM\0*', 'latin1')
    tiff.writeUInt32BE(8, 4)
    tiff.writeUInt16BE(2, 8)
    // Orientation 6, then the pointer to one entry whose three fractions lie apart.
    tiff.set([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0], 10)
    tiff.set([0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 40], 22)
    tiff.writeUInt16BE(1, 40)
    tiff.set([0, 2, 0, 5, 0, 0, 0, 3, 0, 0, 0, 60], 42)
    tiff.fill(0x33, 60, 84)
    const exif = Buffer.concat([Buffer.from('Exif\0\0'), tiff])
    const head = Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0, exif.length + 2])
    const after = await scrubbed('image/jpeg', Buffer.concat([head, exif, Buffer.from([0xff, 0xd9])]))
    assert.equal(after.length, head.length + exif.length + 2)
    assert.ok(!after.includes(0x33) && !after.includes(Buffer.from([0x88, 0x25])))
    assert.equal(after.readUInt16BE(12 + 8), 1)
    assert.ok(after.includes(Buffer.from([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6])))
  })

  it('FILE-1: of more places than there can be the whole structure is left out', async () => {
    const [head, end] = [20, 8 + 2 + 12]
    const placesOf = async (entries: number) => {
      const tiff = Buffer.alloc(4_000, 0x33)
      tiff.write('II*\0', 'latin1')
      tiff.writeUInt32LE(8, 4)
      tiff.writeUInt16LE(1, 8)
      tiff.set([0x25, 0x88, 4, 0, 1, 0, 0, 0, end + 4, 0, 0, 0], 10)
      tiff.writeUInt16LE(entries, end + 4)
      for (let at = end + 6; at < end + 6 + entries * 12; at += 12) {
        tiff.set([2, 0, 2, 0, 100, 0, 0, 0], at)
        tiff.writeUInt32LE(3_000, at + 8)
      }
      const riff = Buffer.concat([Buffer.from('RIFF'), Buffer.alloc(4), Buffer.from('WEBPEXIF'), Buffer.alloc(4), tiff])
      riff.writeUInt32LE(riff.length - 8, 4)
      riff.writeUInt32LE(tiff.length, 16)
      return (await scrubbed('image/webp', riff)).subarray(head)
    }
    const few = await placesOf(32)
    assert.ok(few.subarray(3_000, 3_100).every((byte) => byte === 0) && few[3_200] === 0x33)
    assert.ok((await placesOf(65)).every((byte) => byte === 0))
  })

  it('FILE-1: is left out wherever it stands in a JPEG: behind fill bytes, between scans, and in a picture behind the first', async () => {
    const picture = await taken('jpeg')
    const bare = await sharp(picture).jpeg({ progressive: true }).toBuffer()
    const app1 = picture.indexOf(Buffer.from([0xff, 0xe1]))
    const segment = picture.subarray(app1, app1 + 2 + picture.readUInt16BE(app1 + 2))
    assert.ok(segment.includes('Exif') && segment.includes('GPS') === false)
    const secondScan = bare.indexOf(Buffer.from([0xff, 0xda]), bare.indexOf(Buffer.from([0xff, 0xda])) + 2)
    const fill = Buffer.from([0xff, 0xff])
    const ways = {
      filled: Buffer.concat([picture.subarray(0, app1), fill, picture.subarray(app1)]),
      'between scans': Buffer.concat([bare.subarray(0, secondScan), segment, bare.subarray(secondScan)]),
      second: Buffer.concat([bare, picture]),
      'behind anything': Buffer.concat([bare, Buffer.from([0xff, 0xd8, 0, 0xff, 0xe1, 0xff, 0xff]), picture]),
    }
    for (const [way, content] of Object.entries(ways))
      for (const size of [1, 7, 1_000, 1_000_000]) {
        const after = await scrubbed('image/jpeg', content, size)
        assert.ok(!after.includes('GPS'), `${way} in pieces of ${size}`)
        assert.equal(after.length, content.length, way)
        const exif = after.subarray(after.indexOf('Exif\0\0'), after.indexOf('Exif\0\0') + segment.length - 4)
        assert.ok(exif.includes('Mason') && !exif.includes(Buffer.from([0x25, 0x88])), way)
        assert.ok((await pixelsOf(after)).equals(await pixelsOf(content)), way)
      }
  })

  it('FILE-1: broken and cut pictures pass, and none of them stops the reader', async () => {
    for (const format of ['jpeg', 'png', 'webp'] as const) {
      const whole = await taken(format)
      for (let cut = 0; cut < 400; cut += 3) {
        const part = whole.subarray(0, cut)
        assert.ok((await scrubbed(`image/${format}`, part)).length <= part.length)
        const broken = Buffer.from(whole)
        broken[cut] = broken[cut]! ^ 0xff
        await scrubbed(`image/${format}`, broken)
      }
    }
  })
})

/** What of the folder this process holds open, where the system tells. */
async function openBelow(dir: string): Promise<string[]> {
  const held = await readdir('/proc/self/fd').catch(() => [])
  const paths = await Promise.all(held.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return paths.filter((path) => path.startsWith(dir))
}

describe('pictures that are uploaded', () => {
  let ashlar: TestApp
  let dir: string
  let person: Person
  before(async () => {
    dir = await newDir()
    const env = { UPLOAD_DIR: dir, DEFAULT_ROLE: 'manager', UPLOAD_TYPES: 'image/*' }
    ashlar = await startApp({ jobs: true, env })
    person = await ashlar.person()
  })
  after(async () => {
    await ashlar?.stop()
    if (dir) await rm(dir, { recursive: true, force: true })
  })

  const upload = (bytes: Buffer, name = `${unique('p')}.jpg`) =>
    ashlar.call('POST', '/api/v1/files/upload', {
      token: person.token,
      multipart: { file: { bytes, type: 'image/jpeg', name } },
    })
  const get = async (path: string, token?: string) => {
    const response = await fetch(ashlar.url + path, { headers: token ? { authorization: `Bearer ${token}` } : {} })
    return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
  }
  const onDisk = async () =>
    (await readdir(dir, { recursive: true, withFileTypes: true })).filter((one) => one.isFile()).length
  async function pictured(id: string, tries = 200): Promise<string> {
    const { body } = await ashlar.call('GET', `/api/v1/files/${id}`, { token: person.token })
    if (body.thumbnail !== null) return body.thumbnail
    if (tries === 0) throw new Error('there is no small picture')
    await sleep(50)
    return pictured(id, tries - 1)
  }

  it('FILE-1: are kept without their place', async () => {
    const { status, body } = await upload(await taken('jpeg'))
    assert.equal(status, 201)
    const { bytes } = await get(`/api/v1/files/${body.id}/content`, person.token)
    assert.ok(!bytes.includes('GPS') && (await sharp(bytes).metadata()).exif?.includes('Mason'))
    await pictured(body.id)
  })

  it('FILE-3: that would be giants unpacked are refused before they are kept', async () => {
    const before = await onDisk()
    const chunk = (type: string, data: Buffer) => {
      const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
      length.writeUInt32BE(data.length)
      sum.writeUInt32BE(crc32(Buffer.concat([Buffer.from(type), data])))
      return Buffer.concat([length, Buffer.from(type), data, sum])
    }
    const size = Buffer.alloc(13)
    size.writeUInt32BE(30_000, 0)
    size.writeUInt32BE(30_000, 4)
    size.set([8, 2, 0, 0, 0], 8)
    const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    const png = Buffer.concat([
      signature,
      chunk('IHDR', size),
      chunk('IDAT', deflateSync(Buffer.alloc(1_000_000))),
      chunk('IEND', Buffer.alloc(0)),
    ])
    const { status, body } = await upload(png, 'giant.png')
    assert.deepEqual([status, body.code, body.width], [422, 'files.picture_too_large', 30_000])
    assert.equal(await onDisk(), before)
  })

  it('get a small picture, upright and without what the original says of itself, shown by a link and gone with the last file', async () => {
    const before = await onDisk()
    const large = await sharp({ create: { width: 2_000, height: 1_000, channels: 3, background: '#884422' } })
      .withExif({ IFD0: { Artist: 'Mason' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    const { body: file } = await upload(large)
    assert.equal(file.thumbnail, null, 'not yet')
    const url = await pictured(file.id)
    assert.equal(await pictured(file.id), url, 'the same link for a while')
    const shown = await get(url)
    const { width, height, format, exif } = await sharp(shown.bytes).metadata()
    assert.deepEqual([shown.status, width, height, format, exif], [200, 160, 320, 'webp', undefined])
    assert.equal(shown.headers.get('cross-origin-resource-policy'), 'cross-origin')
    assert.equal((await get(`/api/v1/files/${file.id}/thumbnail`, person.token)).status, 200)

    // Asked for their headers they are not opened.
    const headers = { authorization: `Bearer ${person.token}` }
    for (let times = 0; times < 50; times++) {
      const head = await fetch(`${ashlar.url}/api/v1/files/${file.id}/thumbnail`, { method: 'HEAD', headers })
      assert.equal(head.status, 200)
    }
    assert.deepEqual(await openBelow(dir), [])

    const stranger = await ashlar.person()
    assert.equal((await get(`/api/v1/files/${file.id}/thumbnail`, stranger.token)).status, 404)
    assert.equal((await get(`/api/v1/files/${file.id}/thumbnail`)).status, 401)
    const token = new URL(url, ashlar.url).searchParams.get('token')!
    assert.equal((await get(`/api/v1/files/${file.id}/download?token=${encodeURIComponent(token)}`)).status, 403)

    // The same content again has it at once.
    const again = await upload(large)
    assert.ok(again.body.thumbnail)
    await ashlar.app.storage.sweep(60)
    assert.equal(await onDisk(), before + 2)
    await ashlar.rows('DELETE FROM files WHERE id = ANY ($1)', [[file.id, again.body.id]])
    assert.equal((await get(url)).status, 403)
    await ashlar.app.storage.sweep(0)
    assert.equal(await onDisk(), before)
  })

  it('have none where the picture cannot be read, and are asked for it once', async () => {
    const whole = await taken('jpeg')
    const { status, body } = await upload(whole.subarray(0, whole.length / 2))
    assert.equal(status, 201)
    for (let tries = 0; tries < 200; tries++) {
      const [row] = await ashlar.rows<{ thumbnail: string | null }>(
        `SELECT b.thumbnail FROM files f JOIN blobs b ON b.id = f."blobId" WHERE f.id = $1`,
        [body.id],
      )
      if (row!.thumbnail === 'none') break
      await sleep(50)
      assert.ok(tries < 199, 'the job never ended')
    }
    const answer = await ashlar.call('GET', `/api/v1/files/${body.id}/thumbnail`, { token: person.token })
    assert.deepEqual([answer.status, answer.body.code], [404, 'files.no_thumbnail'])
  })
})
