import Link from 'next/link';

export default function Home() {
  return (
    <main>
      <h1>Home of the Next app</h1>
      <Link href="/blog/first">First</Link>
    </main>
  );
}
