/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Boot program of the Bochs lab: loads what the table behind it names from the disk, by polled
 * IDE reads, and enters the kernel at its PVH entry. Nothing is unpacked or probed on the way,
 * so that an emulator without speed is in the kernel after some ten million instructions.
 *
 * The table (tests/lab/bochs-boot/image writes it) is in the sector after the program:
 *   u32 entry, u32 address of the start info, u32 address for the memory map,
 *   then pieces { u32 sector, u32 count of sectors, u32 address }, the last with count 0.
 * The start info is one of the pieces; only its number of memory map entries is filled in here.
 *
 * A failed read says "boot: disk" on the first serial port and ends in a triple fault.
 */
	.set BASE, 0x7c00
	.set PROGRAM_SECTORS, 2
	.set TABLE, BASE + PROGRAM_SECTORS * 512
	.set MAP_MAX, 64		/* entries of the memory map, 24 bytes each */
	.set MAP_COUNT, 48		/* memmap_entries in the start info */

	.set IDE, 0x1f0
	.set IDE_CONTROL, 0x3f6
	.set COM1, 0x3f8

	.code16
	.globl _start
_start:
	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$BASE, %sp
	ljmp	$0, $1f
1:
	/* The rest of the program and the table, by the BIOS: dl is the drive it came from. */
	movw	$packet, %si
	movb	$0x42, %ah
	int	$0x13
	jc	hang

	movl	TABLE + 8, %edi
	xorl	%ebx, %ebx
	xorl	%ebp, %ebp
map_next:
	movl	$0xe820, %eax
	movl	$0x534d4150, %edx	/* SMAP */
	movl	$20, %ecx
	int	$0x15
	jc	map_end
	movl	$0, 20(%di)
	addw	$24, %di
	incl	%ebp
	cmpl	$MAP_MAX, %ebp
	je	map_end
	testl	%ebx, %ebx
	jnz	map_next
map_end:
	inb	$0x92, %al		/* A20 */
	orb	$2, %al
	outb	%al, $0x92
	lgdtl	gdt_pointer
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$8, $protected
hang:
	hlt
	jmp	hang

packet:
	.byte	16, 0
	.word	PROGRAM_SECTORS		/* all but the first sector, and the table */
	.word	BASE + 512, 0
	.quad	1

	.balign 8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* flat code */
	.quad	0x00cf93000000ffff	/* flat data */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

	.org	_start + 510
	.word	0xaa55

	.code32
protected:
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movw	$IDE_CONTROL, %dx
	movb	$2, %al			/* no interrupts */
	outb	%al, %dx
	pushl	%ebp			/* entries of the memory map */
	movl	$TABLE + 12, %ebp
piece:
	movl	(%ebp), %esi		/* sector */
	movl	4(%ebp), %ebx		/* sectors left */
	movl	8(%ebp), %edi
	addl	$12, %ebp
	testl	%ebx, %ebx
	jz	enter_kernel
command:
	movl	$256, %ecx		/* a command reads up to 256 sectors, written as 0 */
	cmpl	%ecx, %ebx
	cmovb	%ebx, %ecx
	subl	%ecx, %ebx
	call	read_sectors
	testl	%ebx, %ebx
	jnz	command
	jmp	piece

enter_kernel:
	popl	%eax
	movl	TABLE + 4, %ebx
	movl	%eax, MAP_COUNT(%ebx)
	movl	TABLE, %eax
	jmp	*%eax

/* esi: first sector (moves on), ecx: how many, edi: where to (moves on). */
read_sectors:
	call	not_busy
	movw	$IDE + 2, %dx
	movb	%cl, %al
	outb	%al, %dx
	movl	%esi, %eax
	incl	%edx
	outb	%al, %dx
	shrl	$8, %eax
	incl	%edx
	outb	%al, %dx
	shrl	$8, %eax
	incl	%edx
	outb	%al, %dx
	shrl	$8, %eax
	orb	$0xe0, %al		/* by sector number, first drive */
	incl	%edx
	outb	%al, %dx
	movb	$0x20, %al		/* read sectors */
	incl	%edx
	outb	%al, %dx
	addl	%ecx, %esi
sector:
	call	not_busy
	testb	$0x21, %al		/* error, device fault */
	jnz	failed
	testb	$0x08, %al		/* data request */
	jz	sector
	pushl	%ecx
	movl	$512 / 4, %ecx
	movw	$IDE, %dx
	rep insl
	popl	%ecx
	loop	sector
	ret

not_busy:
	movw	$IDE + 7, %dx
1:	inb	%dx, %al
	testb	$0x80, %al
	jnz	1b
	ret

failed:
	movl	$message, %esi
	movl	$COM1, %edx
1:	lodsb
	testb	%al, %al
	jz	2f
	outb	%al, %dx
	jmp	1b
2:	lidtl	no_idt
	int3

message:
	.asciz	"boot: disk\n"
no_idt:
	.word	0
	.long	0

	.org	_start + PROGRAM_SECTORS * 512
