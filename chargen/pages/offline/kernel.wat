;; Products of a matrix with a vector, four rows of the matrix at a time.
;;
;; Both add to y[rows]: y += scale * (w @ x) with int8 w and int16 x, and y += w @ x in float32.
;; A row of w is `width` numbers, a multiple of 8; `rows` is a multiple of 4. All are at multiples of
;; 16 bytes. kernel.wasm is made of this by `wat2wasm kernel.wat` of the WebAssembly Binary Toolkit.
(module
  (memory (export "memory") 1)

  (func (export "int8") (param $w i32) (param $x i32) (param $scale i32)
    (param $y i32) (param $rows i32) (param $width i32)
    (local $k i32) (local $end i32) (local $v v128) (local $p i32) (local $row i32)
    (local $a0 v128) (local $a1 v128) (local $a2 v128) (local $a3 v128)
    (local.set $row (local.get $width)) ;; bytes of a row of w
    (loop $four
      (local.set $a0 (v128.const i32x4 0 0 0 0))
      (local.set $a1 (v128.const i32x4 0 0 0 0))
      (local.set $a2 (v128.const i32x4 0 0 0 0))
      (local.set $a3 (v128.const i32x4 0 0 0 0))
      (local.set $k (local.get $x))
      (local.set $end (i32.add (local.get $x) (i32.shl (local.get $width) (i32.const 1))))
      (loop $next
        (local.set $v (v128.load (local.get $k)))
        (local.set $p (local.get $w))
        (local.set $a0 (i32x4.add (local.get $a0) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s (local.get $p)))))
        (local.set $p (i32.add (local.get $p) (local.get $row)))
        (local.set $a1 (i32x4.add (local.get $a1) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s (local.get $p)))))
        (local.set $p (i32.add (local.get $p) (local.get $row)))
        (local.set $a2 (i32x4.add (local.get $a2) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s (local.get $p)))))
        (local.set $p (i32.add (local.get $p) (local.get $row)))
        (local.set $a3 (i32x4.add (local.get $a3) (i32x4.dot_i16x8_s (local.get $v) (v128.load8x8_s (local.get $p)))))
        (local.set $w (i32.add (local.get $w) (i32.const 8)))
        (br_if $next (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 16))) (local.get $end))))
      ;; from the first of the four rows, read to its end, to the first of the next four
      (local.set $w (i32.add (local.get $w) (i32.mul (local.get $row) (i32.const 3))))
      (local.set $a0 (f32x4.convert_i32x4_s (local.get $a0)))
      (local.set $a1 (f32x4.convert_i32x4_s (local.get $a1)))
      (local.set $a2 (f32x4.convert_i32x4_s (local.get $a2)))
      (local.set $a3 (f32x4.convert_i32x4_s (local.get $a3)))
      ;; each row's four sums to one, in its lane
      (local.set $a0 (f32x4.add
        (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a0) (local.get $a1))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a0) (local.get $a1))))
      (local.set $a2 (f32x4.add
        (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a2) (local.get $a3))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a2) (local.get $a3))))
      (local.set $a0 (f32x4.add
        (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $a0) (local.get $a2))
        (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $a0) (local.get $a2))))
      (local.set $a0 (f32x4.mul (local.get $a0) (v128.load (local.get $scale))))
      (local.set $scale (i32.add (local.get $scale) (i32.const 16)))
      (v128.store (local.get $y) (f32x4.add (v128.load (local.get $y)) (local.get $a0)))
      (local.set $y (i32.add (local.get $y) (i32.const 16)))
      (br_if $four (local.tee $rows (i32.sub (local.get $rows) (i32.const 4))))))

  (func (export "float32") (param $w i32) (param $x i32) (param $y i32) (param $rows i32) (param $width i32)
    (local $k i32) (local $end i32) (local $v v128) (local $p i32) (local $row i32)
    (local $a0 v128) (local $a1 v128) (local $a2 v128) (local $a3 v128)
    (local.set $row (i32.shl (local.get $width) (i32.const 2))) ;; bytes of a row of w
    (loop $four
      (local.set $a0 (v128.const i32x4 0 0 0 0))
      (local.set $a1 (v128.const i32x4 0 0 0 0))
      (local.set $a2 (v128.const i32x4 0 0 0 0))
      (local.set $a3 (v128.const i32x4 0 0 0 0))
      (local.set $k (local.get $x))
      (local.set $end (i32.add (local.get $x) (i32.shl (local.get $width) (i32.const 2))))
      (loop $next
        (local.set $v (v128.load (local.get $k)))
        (local.set $p (local.get $w))
        (local.set $a0 (f32x4.add (local.get $a0) (f32x4.mul (local.get $v) (v128.load (local.get $p)))))
        (local.set $p (i32.add (local.get $p) (local.get $row)))
        (local.set $a1 (f32x4.add (local.get $a1) (f32x4.mul (local.get $v) (v128.load (local.get $p)))))
        (local.set $p (i32.add (local.get $p) (local.get $row)))
        (local.set $a2 (f32x4.add (local.get $a2) (f32x4.mul (local.get $v) (v128.load (local.get $p)))))
        (local.set $p (i32.add (local.get $p) (local.get $row)))
        (local.set $a3 (f32x4.add (local.get $a3) (f32x4.mul (local.get $v) (v128.load (local.get $p)))))
        (local.set $w (i32.add (local.get $w) (i32.const 16)))
        (br_if $next (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 16))) (local.get $end))))
      ;; from the first of the four rows, read to its end, to the first of the next four
      (local.set $w (i32.add (local.get $w) (i32.mul (local.get $row) (i32.const 3))))
      ;; each row's four sums to one, in its lane
      (local.set $a0 (f32x4.add
        (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a0) (local.get $a1))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a0) (local.get $a1))))
      (local.set $a2 (f32x4.add
        (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a2) (local.get $a3))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a2) (local.get $a3))))
      (local.set $a0 (f32x4.add
        (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $a0) (local.get $a2))
        (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $a0) (local.get $a2))))
      (v128.store (local.get $y) (f32x4.add (v128.load (local.get $y)) (local.get $a0)))
      (local.set $y (i32.add (local.get $y) (i32.const 16)))
      (br_if $four (local.tee $rows (i32.sub (local.get $rows) (i32.const 4)))))))
